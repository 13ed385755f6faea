/**
 * In which order a tenant's reconciler does what: updates and commands as they were asked, documents in between, and nothing before its
 * memory is there. Writes go one at a time, in the order in which they were decided; while one is under way the next are decided, a few
 * at most. What is asked waits in a bounded queue, and the answer comes after the write: that is the credit. Pure; the shell
 * (`reconciler.ts`) performs the effects and tells what came of them.
 */
import {
  decidedAheadUpdatesMin,
  reconcileBatchMax,
  reconcileQueueMax,
  reconcilerRetryMs,
  unwrittenBatchesMax,
} from './reconcile-limits.ts';

export interface Waiting<T> {
  readonly asked: T;
  /** Device updates in it; of a command 1. */
  readonly weight: number;
  /** What may be written with others of its kind; null: by itself. */
  readonly partition: string | null;
}

/** What the store is asked for: what comes before a decision, and the write of what was decided first. */
export type ReconcileLane = 'ahead' | 'write';

export type ReconcileEvent<T> =
  | { readonly type: 'asked'; readonly waiting: Waiting<T> }
  /** All that was kept is in memory. */
  | { readonly type: 'loaded' }
  | { readonly type: 'found'; readonly document: boolean }
  /** A batch of the document is there, or its end. */
  | { readonly type: 'read'; readonly isOver: boolean }
  /** What was to be applied is in memory, and what is to be written of it stands last in the row. */
  | { readonly type: 'decided' }
  /** The first in the row is in the store. */
  | { readonly type: 'written' }
  /** The store did not answer, or could not: it is to be asked again. */
  | { readonly type: 'failed'; readonly lane: ReconcileLane }
  /** What was being applied broke the memory: it is thrown away and read again. */
  | { readonly type: 'broken' }
  | { readonly type: 'due'; readonly lane: ReconcileLane }
  /** Somebody says that there is a document, or it is time to look. */
  | { readonly type: 'look' };

export type ReconcileEffect<T> =
  | { readonly type: 'load' }
  | { readonly type: 'refuse'; readonly asked: T; readonly code: 'reconciler_busy' }
  /** Decide, and say `decided` or `broken`. */
  | { readonly type: 'apply'; readonly asked: readonly T[] }
  | { readonly type: 'find' }
  | { readonly type: 'read' }
  /** Decide about the batch that was read, and say `decided` or `broken`. */
  | { readonly type: 'applyBatch'; readonly isLast: boolean }
  /** The first in the row, for the first time or again. */
  | { readonly type: 'write' }
  | { readonly type: 'wait'; readonly lane: ReconcileLane; readonly delayMs: number };

/** What comes before a decision, or the decision; the next begins when it is over. */
type Ahead = 'load' | 'find' | 'read' | 'apply' | 'applyBatch' | null;

export interface ReconcilePlan<T> {
  ahead: Ahead;
  /** Of each batch that was decided and is not in the store whether it is its document's last. The first is being written. */
  unwritten: boolean[];
  /** It failed, and is done again when the time has come. */
  isWaiting: Record<ReconcileLane, boolean>;
  /** The memory is read again when all that was decided before it broke is in the store. */
  isBroken: boolean;
  queue: Waiting<T>[];
  queued: number;
  hasDocument: boolean;
  /** The batch that is being decided is the document's last. */
  isLast: boolean;
  /** Look for a document when there is nothing else. */
  isToLook: boolean;
  /** Turns are taken when both wait. */
  documentIsNext: boolean;
}

export function newReconcilePlan<T>(): ReconcilePlan<T> {
  return {
    ...{ ahead: 'load', unwritten: [], isWaiting: { ahead: false, write: false }, isBroken: false },
    ...{ queue: [], queued: 0, hasDocument: false, isLast: false, isToLook: true, documentIsNext: false },
  };
}

export function stepReconcile<T>(plan: ReconcilePlan<T>, event: ReconcileEvent<T>): ReconcileEffect<T>[] {
  switch (event.type) {
    case 'asked':
      return ask(plan, event.waiting);
    case 'look':
      plan.isToLook = true;
      return next(plan);
    case 'due':
      if (!plan.isWaiting[event.lane]) return [];
      plan.isWaiting[event.lane] = false;
      return again(plan, event.lane);
    case 'failed':
      plan.isWaiting[event.lane] = true;
      return [{ type: 'wait', lane: event.lane, delayMs: reconcilerRetryMs }];
    case 'broken':
      Object.assign(plan, { ahead: 'load', isBroken: true, hasDocument: false, isToLook: true });
      return loadWhenWritten(plan);
    case 'found':
      plan.hasDocument = event.document;
      return over(plan);
    case 'read':
      plan.ahead = 'applyBatch';
      plan.isLast = event.isOver;
      return [{ type: 'applyBatch', isLast: event.isOver }];
    case 'decided':
      return decided(plan);
    case 'written':
      return written(plan);
    case 'loaded':
      return over(plan);
  }
}

function ask<T>(plan: ReconcilePlan<T>, waiting: Waiting<T>): ReconcileEffect<T>[] {
  // One that is larger than the whole queue is taken when nothing else waits.
  if (plan.queue.length > 0 && plan.queued + waiting.weight > reconcileQueueMax)
    return [{ type: 'refuse', asked: waiting.asked, code: 'reconciler_busy' }];
  plan.queue.push(waiting);
  plan.queued += waiting.weight;
  return next(plan);
}

function decided<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  const isLast = plan.ahead === 'applyBatch' && plan.isLast;
  if (isLast) plan.hasDocument = false;
  plan.unwritten.push(isLast);
  const more = over(plan);
  return plan.unwritten.length === 1 ? [{ type: 'write' }, ...more] : more;
}

function written<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  if (plan.unwritten.shift() === true) plan.isToLook = true;
  if (plan.unwritten.length > 0) return [{ type: 'write' }, ...next(plan)];
  return plan.isBroken ? loadWhenWritten(plan) : next(plan);
}

/** What was decided before it broke is sound, and who asked is answered; only then the store holds all that is to be read. */
function loadWhenWritten<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  if (plan.unwritten.length > 0) return [];
  plan.isBroken = false;
  return [{ type: 'load' }];
}

/** What was under way, from its beginning; of a batch that was decided only the write. */
function again<T>({ ahead }: ReconcilePlan<T>, lane: ReconcileLane): ReconcileEffect<T>[] {
  if (lane === 'write') return [{ type: 'write' }];
  return ahead === 'load' || ahead === 'find' || ahead === 'read' ? [{ type: ahead }] : [];
}

function over<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  plan.ahead = null;
  return next(plan);
}

function next<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  const { queue, unwritten } = plan;
  if (plan.ahead !== null || unwritten.length >= unwrittenBatchesMax) return [];
  // As long as the end of a document is not in the store that one would be found again.
  const mayFind = plan.isToLook && !unwritten.includes(true);
  const isDocuments = (plan.hasDocument || mayFind) && (plan.documentIsNext || queue.length === 0);
  if (!isDocuments && queue.length > 0) {
    const { count, weight } = firstRun(queue);
    // A few wait for more to go with them, and are decided in no time; unless there is something else to do that would never end.
    if (unwritten.length > 0 && !plan.hasDocument && weight < decidedAheadUpdatesMin) return [];
    plan.documentIsNext = true;
    plan.ahead = 'apply';
    plan.queued -= weight;
    return [{ type: 'apply', asked: queue.splice(0, count).map(({ asked }) => asked) }];
  }
  plan.documentIsNext = false;
  if (plan.hasDocument) {
    plan.ahead = 'read';
    return [{ type: 'read' }];
  }
  if (!mayFind) return [];
  plan.isToLook = false;
  plan.ahead = 'find';
  return [{ type: 'find' }];
}

/** The first, and what of its partition comes right after it: one write for all of them. */
function firstRun<T>(queue: readonly Waiting<T>[]): { count: number; weight: number } {
  const first = queue[0]!;
  let { weight } = first;
  let count = 1;
  for (; first.partition !== null && queue[count]?.partition === first.partition; count += 1) {
    const more = weight + queue[count]!.weight;
    if (more > reconcileBatchMax) break;
    weight = more;
  }
  return { count, weight };
}
