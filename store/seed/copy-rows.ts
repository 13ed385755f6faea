/** Result rows as COPY text, in pieces: what a week of results is brought in as. */
import type { ResultRow } from '../../actors/ports/check.ts';
import { limits } from '../limits.ts';

export const resultColumns = [
  'tenant_id',
  'check_id',
  'due_at',
  'started_at',
  'latency_ms',
  'status',
  'reason',
  'agent',
  'poller',
].join(', ');

export function resultLine(tenantId: string, row: ResultRow): string {
  const { checkId, dueAtMs, startedAtMs, latencyMs, status, reason, agent, poller } = row;
  const started = startedAtMs === null ? null : instant(startedAtMs);
  const fields = [tenantId, checkId, instant(dueAtMs), started, latencyMs, status, reason, agent, poller];
  return `${fields.map(field).join('\t')}\n`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function field(value: string | number | null): string {
  if (value === null) return '\\N';
  if (typeof value === 'number' || !special.test(value)) return `${value}`;
  return value.replaceAll(/[\\\t\n\r]/g, (one) => escapes[one]!);
}

const special = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Gathers lines, so that a piece is worth its way. */
export async function* pieces(lines: Iterable<string>): AsyncGenerator<Buffer> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < limits.archivePieceBytes) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
