#!/usr/bin/env node
/**
 * The `picket` command. Puts its subcommands together and turns what they throw into a sentence on stderr and an exit
 * status: 0, 1 (refused or failed), 2 (usage).
 */
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { modulesFor } from './every-command.ts';
import { CommandFailure, codeOf, usage } from './failure.ts';
import { harmless } from './harmless.ts';
import { terminalOutput } from './output.ts';
import { ownVersion } from './own-version.ts';

const script = fileURLToPath(import.meta.url);

const program = new Command('picket')
  .description('An actor cluster that watches networks. Start with: picket up')
  .version(ownVersion())
  .showHelpAfterError('(picket help COMMAND tells more)')
  .showSuggestionAfterError()
  .option('--at <host:port>', 'a core of a cluster that does not run in --data (or PICKET_AT)')
  .option('--as <file>', "your operator's certificate, with roots.pem beside it (or PICKET_AS)")
  .option('--trace', 'trace what the command asks of the cluster, and say the id of the trace')
  .exitOverride()
  .helpCommand(false)
  .configureHelp({ showGlobalOptions: true });

const surroundings = { output: terminalOutput(), script, environment: process.env };
const loaded = await Promise.all(modulesFor(process.argv.slice(2)).map((one) => one.load()));
for (const add of loaded) add(program, surroundings);
program
  .command('help')
  .description('help of a command: picket help check add')
  .argument('[command...]', 'the command, with its subcommand')
  .action((path: string[]) => {
    let command = program;
    for (const name of path) {
      const found = command.commands.find((one) => [one.name(), ...one.aliases()].includes(name));
      if (found === undefined) throw usage(`there is no command "${path.join(' ')}": see picket help`);
      command = found;
    }
    command.outputHelp();
  });
for (const command of program.commands) inherit(command);
// What every command takes is among the flags of each.
program.hook('preAction', (_, command) => {
  const {
    at = process.env.PICKET_AT,
    as = process.env.PICKET_AS,
    trace,
  } = program.opts<{ at?: string; as?: string; trace?: boolean }>();
  command.setOptionValue('at', at || undefined).setOptionValue('as', as || undefined);
  if (trace) command.setOptionValue('trace', true);
});

/** Usage errors of every subcommand end with status 2, not with commander's 1. */
function inherit(command: Command): void {
  command.exitOverride().showHelpAfterError('(add --help for the options and examples)');
  for (const child of command.commands) inherit(child);
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', () => process.exit(0));
process.stderr.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}

function fail(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  const code = codeOf(error) ?? 'failed';
  const text = error instanceof CommandFailure ? error.message : unexpected(error);
  if (process.connected) process.send?.({ type: 'failed', code, text }, undefined, undefined, () => {});
  // The code is for scripts, the sentence for people; a usage error has only the sentence.
  const named = code === 'usage' || text.startsWith(`${code}:`) ? text : `${code}: ${text}`;
  process.stderr.write(`picket: ${harmless(named)}\n`);
  if (process.connected) process.disconnect?.();
  return error instanceof CommandFailure ? error.exitCode : 1;
}

function unexpected(error: unknown): string {
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  // Errors of our rooms have a code and say what to do; anything else is a fault of ours and shows where.
  return code === undefined ? (stack ?? String(error)) : (message ?? String(error));
}
