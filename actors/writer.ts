/**
 * The one result writer of a core: batches the rows of all its tenants into one statement at a time. While the database
 * is away it keeps what it has within bounds and tries again; what the store fences it tells to the tenant concerned.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, type LaterReply, messageOf, type Ref, type Self } from '../runtime/index.ts';
import { WriteSteps } from './check-trace.ts';
import { bufferedRowsMax, writeIntervalMs, writeLateMs, writeRetryMs, writeRowsMax } from './limits.ts';
import {
  type TenantProtocol,
  type WriterProtocol,
  type WriterRows,
  type WriterTotals,
  writerKey,
} from './messages.ts';
import type { ResultStore, TenantWrite, WriteAnswer } from './ports/result-store.ts';
import {
  addRows,
  bufferFullReason,
  discardTenant,
  isEmpty,
  takeWrites,
  type WriteBuffer,
  writeBuffer,
} from './write-buffer.ts';
import { noteRows, rowsPerS, type WriteRate, writeRate } from './write-rate.ts';

interface WriterState {
  buffer: WriteBuffer;
  /** Under way; kept until the store has said that it has it. */
  writing: TenantWrite[] | null;
  /** The statement for it is under way. */
  busy: boolean;
  askedAtMs: number;
  /** Batches of one tenant each, after the store refused the content of a joint one. */
  split: TenantWrite[][];
  timer: boolean;
  /**
   * What the store could not write because the tenant's lease is locked by somebody else. It goes before all that came later
   * of its tenant, and holds no other up.
   */
  aside: Map<string, TenantWrite>;
  /** Not tried again before. */
  asideUntilMs: number;
  flushes: { tenantId: string; reply: LaterReply }[];
  written: number;
  fenced: number;
  storeAwaySinceMs: number | null;
  /** Results of the buffer that became gaps before the present outage: what is more became so in it. */
  droppedBefore: number;
  rate: WriteRate;
  steps: WriteSteps;
}

export interface WriterNeeds {
  cluster: Cluster;
  store: ResultStore;
  node: string;
  boot: number;
  /** Which actor of this core holds the tenant, to be told when it is fenced. */
  tenantOf(tenantId: string): Ref<TenantProtocol> | null;
  rowsMax?: number;
}

type WriterSelf = Self<WriterState>;

export function writer(needs: WriterNeeds) {
  return defineActor<WriterState, WriterProtocol>({
    name: 'writer',
    trapExit: true,
    init(self) {
      self.register('writer');
      needs.cluster.names.register(writerKey(needs.node), self.ref, {});
      return {
        buffer: writeBuffer(needs.rowsMax ?? bufferedRowsMax),
        writing: null,
        busy: false,
        askedAtMs: 0,
        split: [],
        timer: false,
        aside: new Map(),
        asideUntilMs: 0,
        flushes: [],
        written: 0,
        fenced: 0,
        storeAwaySinceMs: null,
        droppedBefore: 0,
        rate: writeRate(),
        steps: new WriteSteps(),
      };
    },
    call: {
      flush(self, tenantId) {
        const reply = self.replyLater();
        self.state.flushes.push({ tenantId, reply });
        advance(self, needs);
        return reply;
      },
      totals: (self) => totals(self),
    },
    cast: {
      write(self, tenantId, epoch, rows) {
        keep(self, tenantId, epoch, rows);
        self.state.steps.take(self.tracing, tenantId, rows.traces);
        if (self.state.writing === null && !self.state.timer) writeAfter(self, writeIntervalMs);
      },
    },
    info(self, info) {
      if (info.type === 'timeout') {
        self.state.timer = false;
        advance(self, needs);
      } else if (info.type === 'done') written(self, needs, info.value as WriteAnswer | null, info.error);
    },
    async terminate(self) {
      // A drain: what is here goes out once more, if the store takes it.
      const { state } = self;
      const last = [
        ...(state.writing ?? []),
        ...state.split.flat(),
        ...state.aside.values(),
        ...takeWrites(state.buffer, Number.MAX_SAFE_INTEGER),
      ];
      if (last.length > 0) await needs.store.write(needs.node, needs.boot, last);
    },
  });
}

function keep(self: WriterSelf, tenantId: string, epoch: number, rows: WriterRows): void {
  const { buffer, droppedBefore } = self.state;
  const isOver = buffer.dropped > droppedBefore;
  addRows(buffer, tenantId, epoch, rows);
  // Once for an outage: how many they were is told at its end.
  if (isOver || buffer.dropped === droppedBefore) return;
  const detail = { rowsMax: buffer.rowsMax, reason: bufferFullReason };
  self.log('error', 'no more results can wait for the store: the oldest become gaps', detail);
}

function writeAfter(self: WriterSelf, delayMs: number): void {
  self.state.timer = true;
  self.after(delayMs, 'write');
}

function advance(self: WriterSelf, needs: WriterNeeds): void {
  const { state } = self;
  if (state.busy) return;
  state.writing ??= next(self);
  answerFlushes(state);
  if (state.writing === null) {
    if (state.aside.size > 0 && !state.timer) writeAfter(self, writeRetryMs);
    return;
  }
  state.busy = true;
  state.askedAtMs = self.monotonicMs();
  const { writing } = state;
  self.pipe(
    state.steps.run(writing, () => needs.store.write(needs.node, needs.boot, writing)),
    'written',
  );
}

/** Null: there is nothing that could be written now. */
function next(self: WriterSelf): TenantWrite[] | null {
  const { state } = self;
  const first = state.split.shift();
  if (first !== undefined) return first;
  const again = self.monotonicMs() < state.asideUntilMs ? [] : [...state.aside.values()];
  const writes = [...again, ...takeWrites(state.buffer, writeRowsMax, state.aside)];
  for (const { tenantId } of again) state.aside.delete(tenantId);
  return writes.length === 0 ? null : writes;
}

function written(self: WriterSelf, needs: WriterNeeds, answer: WriteAnswer | null, error: unknown): void {
  const { state } = self;
  state.busy = false;
  if (answer === null) {
    failed(self, needs, error);
    return;
  }
  if (state.storeAwaySinceMs !== null) {
    const awayMs = Math.round(self.monotonicMs() - state.storeAwaySinceMs);
    self.log('info', 'the store is back', { awayMs, buffered: state.buffer.rows });
    state.storeAwaySinceMs = null;
  }
  if (state.buffer.dropped > state.droppedBefore && state.buffer.rows < state.buffer.rowsMax) {
    const dropped = state.buffer.dropped - state.droppedBefore;
    self.log('warn', 'results became gaps while they waited for the store', { dropped });
    state.droppedBefore = state.buffer.dropped;
  }
  const busy = new Set(answer.busy);
  const [aside, done] = [true, false].map((is) =>
    state.writing!.filter((one) => busy.has(one.tenantId) === is),
  );
  setAside(self, aside!);
  count(self, done!);
  for (const tenantId of answer.fenced) fence(self, needs, tenantId, state.writing!);
  state.writing = null;
  answerFlushes(state);
  if (state.split.length > 0) advance(self, needs);
  else if (isEmpty(state.buffer) && state.aside.size === 0) return;
  else if (state.buffer.rows >= writeRowsMax || state.flushes.length > 0) advance(self, needs);
  else writeAfter(self, writeIntervalMs);
}

function setAside(self: WriterSelf, writes: readonly TenantWrite[]): void {
  const { state } = self;
  if (writes.length === 0) return;
  state.asideUntilMs = self.monotonicMs() + writeRetryMs;
  for (const write of writes) {
    const { tenantId } = write;
    state.aside.set(tenantId, write);
    self.log('debug', 'a tenant’s lease is locked; its rows wait', { tenant: tenantId });
  }
}

/** The same batch is tried again: what had arrived of it changes nothing the second time. */
function failed(self: WriterSelf, needs: WriterNeeds, error: unknown): void {
  const { state } = self;
  for (const { reply } of state.flushes.splice(0)) reply.fail(error);
  if ((error as { code?: unknown }).code === 'store_unavailable') {
    if (state.storeAwaySinceMs === null) {
      state.storeAwaySinceMs = self.monotonicMs();
      self.log('warn', 'the store does not take results; they wait here', { error: messageOf(error) });
    }
    self.after(writeRetryMs, 'write');
    state.timer = true;
    return;
  }
  // The store answered and refused what is in the batch: one tenant's rows must not stop the others'.
  const [first, ...others] = state.writing!;
  if (others.length > 0) {
    state.split.push(...state.writing!.map((write) => [write]));
    state.writing = null;
  } else {
    self.log('error', 'rows refused by the store', { tenant: first!.tenantId, error: messageOf(error) });
    fence(self, needs, first!.tenantId, state.writing!);
    state.writing = null;
  }
  advance(self, needs);
}

function fence(self: WriterSelf, needs: WriterNeeds, tenantId: string, writes: readonly TenantWrite[]): void {
  const epoch = writes.find((write) => write.tenantId === tenantId)?.epoch ?? 0;
  self.state.fenced += 1;
  if ((self.state.buffer.tenants.get(tenantId)?.epoch ?? 0) <= epoch)
    discardTenant(self.state.buffer, tenantId);
  if ((self.state.aside.get(tenantId)?.epoch ?? 0) <= epoch) self.state.aside.delete(tenantId);
  const tenant = needs.tenantOf(tenantId);
  self.log('warn', 'a write was fenced: another core holds the tenant', { tenant: tenantId, epoch });
  if (tenant !== null) self.cast(tenant).fenced(epoch);
}

/** Those whose tenants have nothing left here; what was followed of them ends. */
function answerFlushes(state: WriterState): void {
  if (state.flushes.length === 0 && state.steps.isEmpty) return;
  const under = new Set([...(state.writing ?? []), ...state.split.flat()].map(({ tenantId }) => tenantId));
  const isHere = (id: string) => under.has(id) || state.aside.has(id) || state.buffer.tenants.has(id);
  state.steps.settle(isHere);
  const done = state.flushes.filter(({ tenantId }) => !isHere(tenantId));
  state.flushes = state.flushes.filter(({ tenantId }) => isHere(tenantId));
  for (const { reply } of done) reply.answer(null);
}

function count(self: WriterSelf, writes: readonly TenantWrite[]): void {
  const { state } = self;
  let rows = 0;
  for (const write of writes) rows += write.results.length + write.late.length;
  state.written += rows;
  noteRows(state.rate, rows, self.monotonicMs());
}

/** A database that stands still gives no error for as long as a statement may take: whoever asks is told before. */
function isLate(self: WriterSelf): boolean {
  const { busy, askedAtMs } = self.state;
  return busy && self.monotonicMs() - askedAtMs > writeLateMs;
}

function asideRows({ aside }: WriterState): number {
  let rows = 0;
  for (const { results, late } of aside.values()) rows += results.length + late.length;
  return rows;
}

function totals(self: WriterSelf): WriterTotals {
  const { state } = self;
  return {
    buffered: state.buffer.rows + asideRows(state),
    written: state.written,
    fenced: state.fenced,
    dropped: state.buffer.dropped,
    droppedNow: state.buffer.dropped - state.droppedBefore,
    resultsPerS: rowsPerS(state.rate, self.monotonicMs()),
    storeAway: state.storeAwaySinceMs !== null || isLate(self),
  };
}
