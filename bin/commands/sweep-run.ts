/** `picket sweep run` and `stop`: begins a run, shows how far it is until it is over, and says what came of it. */
import type { Command } from 'commander';
import { messageOf, systemClock } from '../../runtime/index.ts';
import { CommandFailure, codeOf } from '../failure.ts';
import { sweepLookMs, sweepLooksLostMax } from '../limits.ts';
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
      const first = await withOperator(flags, (session) => session.call<RunView>('sweep_run', asked));
      const run = flags.detach ? first : await follow(flags, asked, first, told, output.note);
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

/** What a core that answers has to say; all else is that none does, for now. */
const final: ReadonlySet<string> = new Set([
  'no_such_sweep',
  'no_such_run',
  'no_such_tenant',
  'peer_refused',
]);

/** To its end, also when the core that is asked goes: the run does not go with it. */
async function follow(
  flags: SweepFlags,
  asked: { tenant: string; sweep: string },
  first: RunView,
  told: (run: RunView) => void,
  note: (text: string) => void,
): Promise<RunView> {
  const clock = systemClock();
  let failures = 0;
  for (;;) {
    try {
      return await withOperator(flags, (session) =>
        untilOver(session, asked, first, (run) => {
          failures = 0;
          told(run);
        }),
      );
    } catch (error) {
      failures += 1;
      if (final.has(codeOf(error) ?? '') || failures > sweepLooksLostMax) throw error;
      if (failures === 1) note(`${messageOf(error)}: it goes on, and is asked about again`);
      await new Promise<void>((resolve) => void clock.timer(sweepLookMs, resolve));
    }
  }
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
