/**
 * What an agent says of a check that it was told to run: a JSON object with its status, or in the words of pushes (`available`,
 * `response_time` in nanoseconds, `error`). Pure; whatever else it says is read over.
 */
import type { ResultStatus } from '../actors/messages.ts';

export interface Told {
  /** Null: it says none. */
  readonly status: ResultStatus | null;
  readonly latencyMs: number | null;
  /** Unix milliseconds. */
  readonly startedAtMs: number | null;
  readonly error: string | null;
}

const statuses: readonly ResultStatus[] = ['success', 'warning', 'critical', 'unknown', 'timeout'];
const nothing: Told = { status: null, latencyMs: null, startedAtMs: null, error: null };
const latencyMsMax = 86_400_000;
const reasonCharactersMax = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

export function readTold(payload: Uint8Array): Told {
  const said = objectOf(payload);
  if (said === null) return nothing;
  const { status, available, response_time, latency_ms, started_at, error, reason } = said;
  const words = [reason, error].find((one) => typeof one === 'string' && one !== '');
  return {
    status: statuses.find((one) => one === status) ?? statusOf(available),
    latencyMs: latencyOf(latency_ms) ?? latencyOf(Number(response_time) / 1e6),
    startedAtMs:
      Number.isSafeInteger(started_at) && (started_at as number) > 0 ? (started_at as number) : null,
    error: (words as string | undefined) ?? null,
  };
}

export function reasonOf({ error }: Told, message: string): string {
  const text = (error ?? (message === '' ? 'not available' : message)).replace(controls, ' ');
  return `agent_says: ${text.slice(0, reasonCharactersMax)}`;
}

function statusOf(available: unknown): ResultStatus | null {
  return typeof available === 'boolean' ? (available ? 'success' : 'critical') : null;
}

function latencyOf(ms: unknown): number | null {
  return typeof ms === 'number' && ms > 0 && ms <= latencyMsMax ? ms : null;
}

function objectOf(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
