/** `picket source run`: lists a source now, shows how far it is, and ends as the run does. */
import type { Command } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import { CommandFailure } from '../failure.ts';
import { pause } from '../launcher/lock.ts';
import { listingLookMs, listingLostMs } from '../limits.ts';
import { showRun } from '../listed-source-tables.ts';
import type { ListedSourceView, ListingView } from '../listed-source-views.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import type { Output } from '../output.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface RunFlags extends Target {
  tenant: string;
  json?: boolean;
  acceptEmpty?: boolean;
  wait: boolean;
}

interface Begun {
  id: string;
  /** Null: it waits for others. */
  run_id: string | null;
  is_new: boolean;
}

export function addRun(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source
    .command('run')
    .description('list it now; ends with 1 when the run is aborted')
    .argument('<name>', 'name or id')
    .option('--accept-empty', 'believe a listing without a device: all that it had is retracted')
    .option('--no-wait', 'only begin it');
  const example = `One that runs already is waited for. A source that is left alone after failures is tried all the same.

Examples:
  picket source run cmdb --tenant acme
  picket source run cmdb --tenant acme --json | jq .retracted
`;
  tenantCommand(command, surroundings, example).action(async (id: string, flags: RunFlags) => {
    const { tenant, acceptEmpty = false, wait } = flags;
    const run = await withOperator(flags, async (session) => {
      const begun = await session.call<Begun>('source_run', { tenant, id, acceptEmpty });
      if (!begun.is_new) output.note(`${id} runs already: this is that run`);
      return wait ? await follow(session, { tenant, id: begun.id }, begun.run_id, output) : begun;
    });
    if (!('outcome' in run)) {
      if (flags.json) output.json(run);
      else output.line(run.run_id === null ? `${id} runs when others have ended` : `run ${run.run_id} began`);
      return;
    }
    if (flags.json) output.json(run);
    else if (run.outcome === 'complete') output.line(showRun(run));
    if (run.outcome === 'aborted') throw new CommandFailure(run.code, abortedText(id, run));
  });
}

function abortedText(id: string, { page, detail, pages }: ListingView): string {
  const where = page === 0 ? 'before its first page' : `at page ${page}`;
  const kept = `${pages} pages had come; nothing of them is kept and nothing is retracted`;
  return `the listing of ${id} was aborted ${where}: ${detail}. ${kept}`;
}

/** Until the run has ended. `runId` null: it is the next one that this source has. */
async function follow(
  session: OperatorSession,
  asked: { tenant: string; id: string },
  runId: string | null,
  output: Output,
): Promise<ListingView> {
  const clock = systemClock();
  let wanted = runId;
  let shown = '';
  let lostAtMs: number | null = null;
  for (;;) {
    const row = await session.call<ListedSourceView>('source_show', asked);
    wanted ??= row.running?.run_id ?? null;
    if (row.last_run !== null && row.last_run.run_id === wanted) return row.last_run;
    if (row.running !== null) {
      lostAtMs = null;
      const { page, devices, total } = row.running;
      const text = `page ${page}: ${devices} devices${total === null ? '' : ` of ${total}`}`;
      if (text !== shown && page > 0) output.note(text);
      shown = text;
    } else if (wanted !== null) {
      lostAtMs ??= clock.monotonicMs();
      if (clock.monotonicMs() - lostAtMs > listingLostMs)
        throw new CommandFailure(
          'run_lost',
          'the run is not there any more: its core has given the tenant up. Nothing of it is kept; run it again',
        );
    }
    await pause(clock, listingLookMs);
  }
}
