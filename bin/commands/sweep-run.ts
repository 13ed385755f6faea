/** `picket sweep run` and `stop`: begins a run, shows how far it is until it is over, and says what came of it. */
import type { Command } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import { CommandFailure } from '../failure.ts';
import { sweepLookMs } from '../limits.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import { outcomeOf, progressLine } from '../sweep-lines.ts';
import type { RunView } from '../sweep-views.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

export interface SweepFlags extends Target {
  tenant: string;
  json?: boolean;
}

export function addRun(sweep: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = sweep
    .command('run')
    .description('run it now and show how far it is; status 1 unless it is complete')
    .argument('<sweep>', 'its id or its name')
    .option('--detach', 'do not wait for its end');
  const example = `It goes on when this command is ended; picket sweep stop ends it.

Examples:
  picket sweep run office --tenant acme
  picket sweep run office --tenant acme --detach && picket sweep show office --tenant acme
`;
  tenantCommand(command, surroundings, example).action(
    async (name: string, flags: SweepFlags & { detach?: boolean }) => {
      const asked = { tenant: flags.tenant, sweep: name };
      const told = (run: RunView) => {
        if (!flags.json) output.note(progressLine(run));
      };
      const run = await withOperator(flags, async (session) => {
        const first = await session.call<RunView>('sweep_run', asked);
        return flags.detach ? first : await untilOver(session, asked, first, told);
      });
      if (flags.json) output.json(run);
      else for (const line of outcomeOf(run)) output.line(line);
      if (!flags.detach && run.state !== 'complete')
        throw new CommandFailure(
          'sweep_not_complete',
          `the sweep is ${run.state}: ${run.why ?? 'no word of it'}`,
        );
    },
  );
}

/** Told when something has changed, at most as often as it is looked at. */
async function untilOver(
  session: OperatorSession,
  asked: { tenant: string; sweep: string },
  first: RunView,
  told: (run: RunView) => void,
): Promise<RunView> {
  const clock = systemClock();
  let shown = '';
  let last = first;
  while (last.state === 'running') {
    await new Promise<void>((resolve) => void clock.timer(sweepLookMs, resolve));
    last = await session.call<RunView>('sweep_progress', { ...asked, run: first.id });
    const line = progressLine(last);
    if (line !== shown) told(last);
    shown = line;
  }
  return last;
}

export function addStop(sweep: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = sweep
    .command('stop')
    .description('end what runs of it; what was found until then stays')
    .argument('<sweep>', 'its id or its name');
  tenantCommand(command, surroundings, 'Example:\n  picket sweep stop office --tenant acme\n').action(
    async (name: string, flags: SweepFlags) => {
      const asked = { tenant: flags.tenant, sweep: name };
      const run = await withOperator(flags, (session) => session.call<RunView>('sweep_stop', asked));
      if (flags.json) output.json(run);
      else for (const line of outcomeOf(run)) output.line(line);
    },
  );
}
