/** `picket audit replay`: a session as it looked, with its pauses. */
import { type Command, Option } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import { replaySteps } from '../../shell/index.ts';
import { auditCommand, readSession } from '../audit-pages.ts';
import { usage } from '../failure.ts';
import { replayPauseMsMax } from '../limits.ts';
import { type Target, withOperator } from '../operator-session.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  speed: string;
  instant?: boolean;
}

export function addAuditReplay(audit: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = audit
    .command('replay')
    .description('show a session as it looked, with its timing; Ctrl-C ends it')
    .argument('<session>', 'see picket audit sessions')
    .addOption(new Option('--speed <number>', 'times as fast, 0.1 to 100').default('1'))
    .option('--instant', 'without pauses');
  const examples =
    `A pause longer than ${replayPauseMsMax / 1_000} s is shortened to that. Control characters in what was shown are spelled out, but for\n` +
    'colours and new screens.\n\n' +
    'Examples:\n  picket audit replay SESSION --speed 4\n  picket audit replay SESSION --instant | less -R\n';
  auditCommand(command, surroundings, examples).action(async (id: string, flags: Flags) => {
    const speed = Number(flags.speed);
    if (!(speed >= 0.1 && speed <= 100)) throw usage(`--speed "${flags.speed}": 0.1 to 100`);
    const entries = await withOperator(flags, (session) => readSession(session, id));
    const clock = systemClock();
    for (const { pauseMs, text } of replaySteps(entries)) {
      const waitMs = flags.instant ? 0 : Math.min(pauseMs, replayPauseMsMax) / speed;
      if (waitMs > 0) await new Promise<void>((resolve) => void clock.timer(waitMs, resolve));
      await output.bytes(Buffer.from(text));
    }
  });
}
