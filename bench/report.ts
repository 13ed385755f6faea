/** How an outcome is printed: a table for people, one JSON object for programs. Measures nothing. */
import type { Outcome } from './bench.ts';

/** The fields that programs read come first and keep their names. */
export function asJson(outcome: Outcome, machine: Readonly<Record<string, string | number>>): string {
  const { name, ours, peers, ratios, skipped, rounds } = outcome;
  return JSON.stringify({ name, ours, peers, ratios, skipped, machine, rounds });
}

export function asTable(outcome: Outcome, machine: Readonly<Record<string, string | number>>): string {
  const peers = Object.keys(outcome.peers);
  const header = ['', 'ours', ...peers.flatMap((peer) => [peer, `ours / ${peer}`])];
  const rows = Object.entries(outcome.ours).map(([key, value]) => [
    key,
    number(value),
    ...peers.flatMap((peer) => {
      const ratio = outcome.ratios[peer]?.[key];
      return [number(outcome.peers[peer]?.[key]), ratio === undefined ? '-' : `${number(ratio)} x`];
    }),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  const left = Object.entries(outcome.skipped).map(([peer, reason]) => `${peer} was left out: ${reason}`);
  const where = Object.entries(machine).map(([what, value]) => `${what} ${value}`);
  return [`${outcome.name} (${where.join(', ')})`, line(header), ...rows.map(line), ...left].join('\n');
}

function number(value: number | undefined): string {
  if (value === undefined) return '-';
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(value);
}
