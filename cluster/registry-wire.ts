/**
 * What registries tell each other, as plain data, and the judges of what arrives: after `readDelta` and its like every
 * field has its type and every name its shape. Origin, boot and tenant of a delta travel in the frame's header, where the
 * fence reads them; an entry has no tenant of its own, so a delta cannot speak for another one.
 */
import { deltaEntriesMax, fencedDeltaEntriesMax, headsPerMessageMax, nodesMax } from './limits.ts';
import { isKeyId, isKeyPart, isNodeName, tenantOfNode } from './names.ts';

/** Positional, because there are many. */
export type PutRow = readonly [
  partition: string,
  kind: string,
  id: string,
  ref: unknown,
  metadata: unknown,
  sequence: number,
  clock: number,
  supervised: boolean,
];
export type RemovalRow = readonly [partition: string, kind: string, id: string, sequence: number];

/**
 * Everything that changed in one shard in (from, to], as of the sender's state: a name that changed again later is only
 * in the part of its last change. It serves everyone who holds at least `from`.
 */
export interface RegistryDelta {
  readonly origin: string;
  readonly boot: number;
  readonly tenant: string;
  readonly from: number;
  readonly to: number;
  /**
   * 0, or the head at which the whole shard was read: the parts come newest first, the first ends at this head, and names
   * of a part's range that are not listed do not exist.
   */
  readonly whole: number;
  readonly puts: readonly PutRow[];
  readonly removals: readonly RemovalRow[];
}

/** The hash of all shards of one origin. */
export type OriginRow = readonly [origin: string, boot: number, high: number, low: number];
/** How far one shard is held. */
export type HeadRow = readonly [origin: string, boot: number, tenant: string, sequence: number];

/** `reply`: tell me yours of the same origins. */
export interface HeadsMessage {
  readonly origins: readonly string[];
  readonly heads: readonly HeadRow[];
  readonly reply: boolean;
}

export interface FetchRequest {
  readonly origin: string;
  readonly boot: number;
  readonly tenant: string;
  readonly since: number;
}

/**
 * Puts and removals in one delta of that node's shards. A whole shard of a tenant's node is told in one, which is rare: what is
 * told in several would have to be remembered while it lasts.
 */
export function entriesMaxOf(origin: string, isWhole: boolean): number {
  return tenantOfNode(origin) === null || isWhole ? deltaEntriesMax : fencedDeltaEntriesMax;
}

/** The payload of a `registry_delta` frame. */
export function deltaPayload(delta: RegistryDelta): unknown[] {
  return [delta.from, delta.to, delta.whole, delta.puts, delta.removals];
}

/** Null when the frame's header or its decoded payload is not a delta. */
export function readDelta(
  origin: string,
  boot: number,
  tenant: string,
  payload: unknown,
): RegistryDelta | null {
  if (!isNodeName(origin) || !isCount(boot) || !isKeyPart(tenant) || !isRow(payload, 5)) return null;
  const [from, to, whole, puts, removals] = payload;
  if (!isCount(from) || !isCount(to) || from > to || !isCount(whole)) return null;
  if (whole > 0 && to > whole) return null;
  if (!Array.isArray(puts) || !Array.isArray(removals)) return null;
  if (puts.length + removals.length > entriesMaxOf(origin, whole > 0)) return null;
  const inRange = (sequence: unknown) => isCount(sequence) && sequence > from && sequence <= to;
  for (const row of puts) {
    if (!isRow(row, 8) || !isName(row) || !inRange(row[5])) return null;
    if (!isCount(row[6]) || typeof row[7] !== 'boolean') return null;
  }
  for (const row of removals) if (!isRow(row, 4) || !isName(row) || !inRange(row[3])) return null;
  return { origin, boot, tenant, from, to, whole, puts, removals };
}

/** The payload of a `registry_origins` frame; null when it is none. */
export function readOrigins(payload: unknown): OriginRow[] | null {
  if (!Array.isArray(payload) || payload.length > nodesMax) return null;
  for (const row of payload) {
    if (!isRow(row, 4) || !isNodeName(row[0]) || !row.slice(1).every(Number.isInteger) || !isCount(row[1]))
      return null;
  }
  return payload as OriginRow[];
}

/** The payload of a `registry_heads` frame. */
export function headsPayload(message: HeadsMessage): unknown[] {
  return [message.origins, message.heads, message.reply];
}

export function readHeads(payload: unknown): HeadsMessage | null {
  if (!isRow(payload, 3)) return null;
  const [origins, heads, reply] = payload;
  if (!Array.isArray(origins) || origins.length > nodesMax || !origins.every(isNodeName)) return null;
  if (!Array.isArray(heads) || heads.length > headsPerMessageMax || typeof reply !== 'boolean') return null;
  for (const row of heads) {
    if (!isRow(row, 4) || !isNodeName(row[0]) || !isCount(row[1]) || !isKeyPart(row[2]) || !isCount(row[3]))
      return null;
  }
  return { origins, heads: heads as HeadRow[], reply };
}

export function readFetch(origin: string, boot: number, tenant: string, since: number): FetchRequest | null {
  return isNodeName(origin) && isCount(boot) && isKeyPart(tenant) && isCount(since)
    ? { origin, boot, tenant, since }
    : null;
}

function isRow(value: unknown, length: number): value is unknown[] {
  return Array.isArray(value) && value.length === length;
}

function isName(row: readonly unknown[]): boolean {
  return isKeyPart(row[0]) && isKeyPart(row[1]) && isKeyId(row[2]);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
