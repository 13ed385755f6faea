/**
 * Device updates and commands as lines of JSON: each line is answered in order, and at the end stands the whole state. It is the
 * code that the reconciler runs, without a database; `picket reconcile` is a shell around it.
 */

import { normalAddress } from '../new-device.ts';
import { alias, ban, type CommandRefusal, mergeByHand, unmerge } from './commands.ts';
import type { DeviceRecord } from './device-record.ts';
import { type FinalState, finalState } from './final-state.ts';
import { type IdentifierKind, identifierKinds } from './identifier-rules.ts';
import type { NumberedObservation, PartitionDevices } from './partition.ts';
import { readUpdate } from './read-update.ts';
import { newTouched, type Reconciler } from './reconciler.ts';
import { withdrawSource } from './withdrawal.ts';

export type LineAnswer =
  | { line: number; device_id: string | null; action: string; reason: string }
  | { line: number; error: string };

export interface LinesOptions {
  /** Lines of one batch; null: all of them. */
  batch: number | null;
  /** Of arrival, for lines without a time. */
  nowMs(): number;
}

/** Feeds lines one after the other; answers come batch by batch. */
export class LineReader {
  private readonly reconciler: Reconciler;
  private readonly options: LinesOptions;
  private readonly emit: (answer: LineAnswer) => void;
  private waiting: (NumberedObservation | { line: number; error: string })[] = [];
  private lineNumber = 0;
  errors = 0;

  constructor(reconciler: Reconciler, options: LinesOptions, emit: (answer: LineAnswer) => void) {
    this.reconciler = reconciler;
    this.options = options;
    this.emit = emit;
  }

  push(text: string): void {
    this.lineNumber += 1;
    const line = this.lineNumber;
    if (text.trim() === '') return;
    const said = parse(text);
    if (typeof said === 'object' && said !== null && !Array.isArray(said) && 'op' in said) {
      this.flush();
      this.answer(command(this.reconciler, said as Record<string, unknown>, line));
      return;
    }
    const read = said === undefined ? { error: 'not_json' } : readUpdate(said, this.options.nowMs());
    this.waiting.push(
      'error' in read ? { line, error: read.error } : { line, observation: read.observation },
    );
    if (this.options.batch !== null && this.waiting.length >= this.options.batch) this.flush();
  }

  /** A line that could not be read at all: too long, or no UTF-8. */
  refuse(error: string): void {
    this.lineNumber += 1;
    this.waiting.push({ line: this.lineNumber, error });
  }

  flush(): void {
    const batch = this.waiting;
    this.waiting = [];
    const outcomes = this.reconciler.apply(
      batch.flatMap((one) => ('observation' in one ? [one] : [])),
      newTouched,
    );
    let next = 0;
    for (const one of batch) {
      if ('error' in one) {
        this.answer(one);
        continue;
      }
      const { line, deviceId, action, reason } = outcomes[next]!;
      next += 1;
      this.answer({ line, device_id: deviceId, action, reason });
    }
  }

  final(): FinalState {
    this.flush();
    return finalState(this.reconciler.partitions.values(), Number.NEGATIVE_INFINITY);
  }

  private answer(answer: LineAnswer): void {
    if ('error' in answer) this.errors += 1;
    this.emit(answer);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function command(reconciler: Reconciler, said: Record<string, unknown>, line: number): LineAnswer {
  const { op } = said;
  const text = (name: string) =>
    typeof said[name] === 'string' && said[name].trim() !== '' ? said[name].trim() : null;
  if (op === 'unmerge') {
    const id = text('device_id');
    if (id === null) return { line, error: 'device_id_missing' };
    const answer = unmerge(at(reconciler, id, text('partition')), id, newTouched(), line);
    return told(line, answer, 'restored', 'unmerged');
  }
  if (op === 'merge') {
    const [into, from] = [text('device_id'), text('from')];
    if (into === null || from === null) return { line, error: 'device_id_or_from_missing' };
    const answer = mergeByHand(at(reconciler, into, text('partition')), into, from, newTouched(), line);
    return told(line, answer, 'merged', 'manual');
  }
  if (op === 'alias') {
    const [id, ip] = [text('device_id'), normalAddress(text('ip') ?? '')];
    if (id === null || ip === null)
      return { line, error: id === null ? 'device_id_missing' : 'ip_is_no_address' };
    return told(
      line,
      alias(at(reconciler, id, text('partition')), ip, id, newTouched(), line),
      'kept',
      'alias_confirmed',
    );
  }
  if (op === 'ban') {
    const [kind, value] = [text('type'), text('value')];
    const isKnown = kind !== null && (identifierKinds as readonly string[]).includes(kind);
    if (!isKnown || value === null || kind === 'manual')
      return { line, error: isKnown ? 'value_missing' : 'unknown_type' };
    banEverywhere(reconciler, kind as IdentifierKind, text('scope') ?? '', value, text('partition'), line);
    return { line, device_id: null, action: 'kept', reason: 'banned' };
  }
  if (op === 'withdraw') {
    const source = text('source');
    if (source === null) return { line, error: 'source_missing' };
    for (const devices of partitionsOf(reconciler, text('partition')))
      withdrawSource(devices, source, Number.POSITIVE_INFINITY, newTouched(), line);
    return { line, device_id: null, action: 'kept', reason: 'withdrawn' };
  }
  return { line, error: 'unknown_op' };
}

function banEverywhere(
  reconciler: Reconciler,
  kind: IdentifierKind,
  scope: string,
  value: string,
  partition: string | null,
  line: number,
): void {
  const partitions = partitionsOf(reconciler, partition);
  if (partitions.length === 0) partitions.push(reconciler.partition('default'));
  for (const devices of partitions) ban(devices, kind, scope, value, newTouched(), line);
}

function partitionsOf(reconciler: Reconciler, partition: string | null): PartitionDevices[] {
  return partition === null ? [...reconciler.partitions.values()] : [reconciler.partition(partition)];
}

function at(reconciler: Reconciler, id: string, partition: string | null): PartitionDevices {
  return partition === null
    ? (reconciler.holding(id) ?? reconciler.partition('default'))
    : reconciler.partition(partition);
}

function told(
  line: number,
  answer: DeviceRecord | { refused: CommandRefusal },
  action: string,
  reason: string,
): LineAnswer {
  if ('refused' in answer) return { line, error: answer.refused };
  return { line, device_id: (answer.mergedInto ?? answer).id, action, reason };
}
