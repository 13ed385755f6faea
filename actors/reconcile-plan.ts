/**
 * In which order a tenant's reconciler does what: updates and commands as they were asked, documents in between, one write at a time,
 * and nothing before its memory is there. What is asked waits in a bounded queue, and the answer comes after the write: that is the
 * credit. Pure; the shell (`reconciler.ts`) performs the effects and tells what came of them.
 */
import { reconcileBatchMax, reconcileQueueMax, reconcilerRetryMs } from './reconcile-limits.ts';

export interface Waiting<T> {
  readonly asked: T;
  /** Device updates in it; of a command 1. */
  readonly weight: number;
  /** What may be written with others of its kind; null: by itself. */
  readonly partition: string | null;
}

export type ReconcileEvent<T> =
  | { readonly type: 'asked'; readonly waiting: Waiting<T> }
  /** All that was kept is in memory. */
  | { readonly type: 'loaded' }
  | { readonly type: 'found'; readonly document: boolean }
  /** A batch of the document is there; null: there are no more. */
  | { readonly type: 'read'; readonly isOver: boolean }
  /** What was applied last is in the store. */
  | { readonly type: 'written' }
  /** The store did not answer, or could not: what was under way is to be done again. */
  | { readonly type: 'failed' }
  /** What was being applied broke the memory: it is thrown away and read again. */
  | { readonly type: 'broken' }
  | { readonly type: 'due' }
  /** Somebody says that there is a document, or it is time to look. */
  | { readonly type: 'look' };

export type ReconcileEffect<T> =
  | { readonly type: 'load' }
  | { readonly type: 'refuse'; readonly asked: T; readonly code: 'reconciler_busy' }
  /** Decide, and write what came of it. */
  | { readonly type: 'apply'; readonly asked: readonly T[] }
  | { readonly type: 'find' }
  | { readonly type: 'read' }
  /** Decide about the batch that was read, and write it. */
  | { readonly type: 'applyBatch'; readonly isLast: boolean }
  /** The same write once more. */
  | { readonly type: 'write' }
  | { readonly type: 'wait'; readonly delayMs: number };

/** What is under way; the next begins when it is over. */
type UnderWay = 'load' | 'asked' | 'find' | 'read' | 'batch' | null;

export interface ReconcilePlan<T> {
  underWay: UnderWay;
  /** It failed, and is done again when the time has come. */
  isWaiting: boolean;
  queue: Waiting<T>[];
  queued: number;
  hasDocument: boolean;
  /** The batch that is being written is the document's last. */
  isLast: boolean;
  /** Look for a document when there is nothing else. */
  isToLook: boolean;
  /** Turns are taken when both wait. */
  documentIsNext: boolean;
}

export function newReconcilePlan<T>(): ReconcilePlan<T> {
  return {
    ...{ underWay: 'load', isWaiting: false, queue: [], queued: 0 },
    ...{ hasDocument: false, isLast: false, isToLook: true, documentIsNext: false },
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
      if (!plan.isWaiting) return [];
      plan.isWaiting = false;
      return again(plan);
    case 'failed':
      plan.isWaiting = true;
      return [{ type: 'wait', delayMs: reconcilerRetryMs }];
    case 'broken':
      Object.assign(plan, { underWay: 'load', hasDocument: false, isToLook: true });
      return [{ type: 'load' }];
    case 'found':
      plan.hasDocument = event.document;
      return over(plan);
    case 'read':
      plan.underWay = 'batch';
      plan.isLast = event.isOver;
      return [{ type: 'applyBatch', isLast: event.isOver }];
    case 'written':
      if (plan.underWay === 'batch' && plan.isLast)
        Object.assign(plan, { hasDocument: false, isToLook: true });
      return over(plan);
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

/** What was under way, from its beginning; of a batch that was applied only the write. */
function again<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  const { underWay } = plan;
  if (underWay === 'asked' || underWay === 'batch') return [{ type: 'write' }];
  return underWay === null ? next(plan) : [{ type: underWay }];
}

function over<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  plan.underWay = null;
  return next(plan);
}

function next<T>(plan: ReconcilePlan<T>): ReconcileEffect<T>[] {
  if (plan.underWay !== null) return [];
  const isDocuments = plan.hasDocument && (plan.documentIsNext || plan.queue.length === 0);
  if (!isDocuments && plan.queue.length > 0) {
    plan.documentIsNext = true;
    plan.underWay = 'asked';
    return [{ type: 'apply', asked: take(plan) }];
  }
  plan.documentIsNext = false;
  if (plan.hasDocument) {
    plan.underWay = 'read';
    return [{ type: 'read' }];
  }
  if (!plan.isToLook) return [];
  plan.isToLook = false;
  plan.underWay = 'find';
  return [{ type: 'find' }];
}

/** The first, and what of its partition comes right after it: one write for all of them. */
function take<T>(plan: ReconcilePlan<T>): T[] {
  const first = plan.queue[0]!;
  let count = 1;
  let weight = first.weight;
  while (first.partition !== null && plan.queue[count]?.partition === first.partition) {
    weight += plan.queue[count]!.weight;
    if (weight > reconcileBatchMax) break;
    count += 1;
  }
  const taken = plan.queue.splice(0, count);
  for (const one of taken) plan.queued -= one.weight;
  return taken.map(({ asked }) => asked);
}
