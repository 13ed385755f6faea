/** The flag of every command that logs. */
import { Option } from 'commander';

export function levelOption(): Option {
  return new Option('--log-level <level>', 'debug, info, warn or error')
    .choices(['debug', 'info', 'warn', 'error'])
    .default('info');
}
