/** How far a sweep's run is and what came of it, in lines for people. Pure. */
import type { RunView } from './sweep-views.ts';
import { table } from './table.ts';

const barCells = 24;
const number = new Intl.NumberFormat('en-US');
const shown = (count: number) => number.format(count);

export function progressLine({ addresses, done, live, rate_held, under_way, state }: RunView): string {
  const share = addresses === 0 ? 1 : done / addresses;
  const filled = Math.floor(share * barCells);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}]`;
  const agents = new Set(under_way.map(({ agent }) => agent)).size;
  const who =
    state !== 'running'
      ? state
      : agents === 0
        ? 'no agent yet'
        : `${agents} ${agents === 1 ? 'agent' : 'agents'}`;
  const counts = `${shown(done)} of ${shown(addresses)} addresses, ${shown(live)} live, ${shown(rate_held)}/s`;
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${counts}, ${who}`;
}

export function outcomeOf(run: RunView): string[] {
  const { seconds, addresses, done, live, refused, untold, sent, rate_held: rate, why } = run;
  const lines = [
    `${run.sweep}: ${run.state}, ${shown(live)} hosts live of ${shown(done)}${done === addresses ? '' : ` of ${shown(addresses)}`} addresses`,
    `  ${seconds.toFixed(1)} s, ${shown(sent)} packets and connects, ${shown(rate)}/s; slices ${run.slices_done} of ${run.slices}; by ${run.agents.join(', ') || 'nobody yet'}`,
  ];
  if (refused > 0) lines.push(`  ${shown(refused)} addresses were not asked: shared nodes do not reach them`);
  if (untold > 0) lines.push(`  ${shown(untold)} probes could not be sent or heard`);
  if (why !== null) lines.push(`  why: ${why}`);
  if (run.redone_count > 0) lines.push(`  slices given to another agent: ${run.redone_count}`);
  for (const { slice, agent, why: reason } of run.redone.slice(0, 10))
    lines.push(`    slice ${slice}, ${agent}: ${reason}`);
  for (const { slice, agent, done: here, rate: share } of run.under_way)
    lines.push(`  now: slice ${slice}, ${agent}: ${shown(here)} addresses, at ${shown(share)}/s`);
  return lines;
}

export function runTable(runs: readonly RunView[]): string {
  return table(
    ['RUN', 'STATE', 'STARTED', 'SECONDS', 'ADDRESSES', 'LIVE', 'RATE HELD', 'REDONE', 'BY', 'WHY'],
    runs.map((run) => [
      ...[run.id, run.state, run.started_at, Math.round(run.seconds), run.done, run.live, run.rate_held],
      ...[
        run.redone_count,
        run.by === 'schedule' ? run.by : run.by.slice(run.by.lastIndexOf('/') + 1),
        run.why,
      ],
    ]),
  );
}

export function instantShown(run: RunView | null): string {
  return run === null ? '' : (run.ended_at ?? run.started_at);
}
