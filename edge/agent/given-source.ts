/**
 * What a run of a source needs, as the cluster gives it: its settings, what opens it, and the ids that were known, page by page. Between
 * the calls of a connection and `own-sources.ts`. What opens a source is in memory for the run alone, and in no text.
 */
import type { SourceGiven } from '../../proto/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { limits, type SourceSettings } from '../../sources/index.ts';
import { takeAgainMs, takeTriesMax } from './limits.ts';

export interface GivenRun {
  readonly settings: SourceSettings;
  readonly credentials: string;
  readonly acceptEmpty: boolean;
  readonly known: ReadonlySet<string>;
}

export type Refused = { readonly code: string; readonly detail: string };

export interface TakeNeeds {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** One question over the connection of the moment; rejects with a code when there is none, or it refuses. */
  take(run: string, from: number): Promise<SourceGiven>;
}

/** Asks again for a while when the way to the cluster is the matter. */
export async function takeRun(needs: TakeNeeds, run: string): Promise<GivenRun | Refused> {
  const known = new Set<string>();
  let head: { settings: SourceSettings; credentials: string; acceptEmpty: boolean } | null = null;
  for (let from = 0; ; ) {
    const given = await ask(needs, run, from);
    if ('code' in given) return given;
    const { settingsJson, credentials, acceptEmpty, knownIds, knownTotal } = given;
    if (from === 0) {
      const settings = readSettings(settingsJson);
      if (settings === null)
        return { code: 'bad_source', detail: 'the settings of the source cannot be read' };
      head = { settings, credentials, acceptEmpty };
    }
    for (const id of knownIds) known.add(id);
    from += knownIds.length;
    if (knownIds.length === 0 || from >= Math.min(knownTotal, limits.itemsMax * 2))
      return { ...head!, known };
  }
}

const passing: ReadonlySet<string> = new Set([
  'gateway_lost',
  'tenant_unavailable',
  'node_draining',
  'failed',
]);

async function ask(
  { clock, signal, take }: TakeNeeds,
  run: string,
  from: number,
): Promise<SourceGiven | Refused> {
  for (let attempt = 1; ; attempt += 1) {
    if (signal.aborted) return { code: 'cancelled', detail: 'it was called off' };
    try {
      return await take(run, from);
    } catch (error) {
      const { code: said, message } = error as { code?: unknown; message?: unknown };
      const code = typeof said === 'string' ? said : 'failed';
      if (!passing.has(code) || attempt >= takeTriesMax) return { code, detail: String(message) };
    }
    await new Promise<void>((resolve) => void clock.timer(takeAgainMs, resolve));
  }
}

/** They are judged where the listing is opened. */
function readSettings(json: Uint8Array): SourceSettings | null {
  try {
    const said: unknown = JSON.parse(Buffer.from(json).toString('utf8'));
    return typeof said === 'object' && said !== null ? (said as SourceSettings) : null;
  } catch {
    return null;
  }
}
