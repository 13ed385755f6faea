/**
 * What the supervisors of two nodes say to each other, in frames of kind `supervisor`: a word and its fields. The judges of
 * what arrives; after `readWord` every field has its type. Between the frames and the machines.
 */
import type { HeldElsewhere } from './children.ts';
import { askIdsMax, nodesMax } from './limits.ts';
import { isKeyId, isNodeName } from './names.ts';
import {
  deltaRows,
  digestRow,
  exchangeRow,
  readSpecDelta,
  readSpecDigest,
  readSpecExchange,
  type SpecDelta,
  type SpecDigest,
  type SpecExchange,
} from './specs-wire.ts';

export type Word =
  | { type: 'delta'; delta: SpecDelta }
  | { type: 'digest'; digest: SpecDigest }
  | { type: 'exchange'; exchange: SpecExchange }
  /** Now and then, and when it changes: whether the sender takes children, and the hash of its specs. */
  | { type: 'state'; serving: boolean; high: number; low: number }
  | { type: 'ask'; round: number; ids: readonly string[] }
  | { type: 'answer'; round: number; held: readonly string[]; elsewhere: readonly HeldElsewhere[] }
  | { type: 'handover'; id: string; version: string; hops: number; state: unknown }
  | { type: 'report'; id: string; version: string; code: string; detail: string };

export function wordRow(word: Word): unknown[] {
  switch (word.type) {
    case 'delta':
      return [word.type, ...deltaRows(word.delta)];
    case 'digest':
      return [word.type, ...digestRow(word.digest)];
    case 'exchange':
      return [word.type, ...exchangeRow(word.exchange)];
    case 'state':
      return [word.type, word.serving, word.high, word.low];
    case 'ask':
      return [word.type, word.round, word.ids];
    case 'answer':
      return [word.type, word.round, word.held, word.elsewhere];
    case 'handover':
      return [word.type, word.id, word.version, word.hops, word.state];
    case 'report':
      return [word.type, word.id, word.version, word.code, word.detail];
  }
}

/** Null when the decoded payload is no word; a text when it is one of a later version, which is let pass. */
export function readWord(value: unknown): Word | string | null {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return null;
  const [type, ...fields] = value as [string, ...unknown[]];
  switch (type) {
    case 'delta': {
      const delta = readSpecDelta(fields);
      return delta && { type, delta };
    }
    case 'digest': {
      const digest = readSpecDigest(fields);
      return digest && { type, digest };
    }
    case 'exchange': {
      const exchange = readSpecExchange(fields);
      return exchange && { type, exchange };
    }
    case 'state': {
      const [serving, high, low] = fields;
      if (fields.length !== 3 || typeof serving !== 'boolean' || !isCount(high) || !isCount(low)) return null;
      return { type, serving, high, low };
    }
    case 'ask': {
      const [round, ids] = fields;
      return fields.length === 2 && isCount(round) && isIds(ids) ? { type, round, ids } : null;
    }
    case 'answer':
      return readAnswer(fields);
    case 'handover': {
      const [id, version, hops, state] = fields;
      if (fields.length !== 4 || !isKeyId(id) || typeof version !== 'string' || !isCount(hops)) return null;
      return { type, id, version, hops, state };
    }
    case 'report': {
      const [id, version, code, detail] = fields;
      if (fields.length !== 4 || !isKeyId(id)) return null;
      if (typeof version !== 'string' || typeof code !== 'string' || typeof detail !== 'string') return null;
      return { type, id, version, code, detail };
    }
    default:
      return type;
  }
}

function readAnswer(fields: readonly unknown[]): Word | null {
  const [round, held, elsewhere] = fields;
  if (fields.length !== 3 || !isCount(round) || !isIds(held)) return null;
  if (!Array.isArray(elsewhere) || elsewhere.length > nodesMax) return null;
  for (const row of elsewhere) {
    if (!Array.isArray(row) || row.length !== 2 || !isNodeName(row[0]) || !isIds(row[1])) return null;
  }
  return { type: 'answer', round, held, elsewhere: elsewhere as HeldElsewhere[] };
}

function isIds(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= askIdsMax && value.every(isKeyId);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
