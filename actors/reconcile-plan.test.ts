import { expect, test } from 'vitest';
import { reconcileBatchMax, reconcileQueueMax, reconcilerRetryMs } from './reconcile-limits.ts';
import { newReconcilePlan, type ReconcileEvent, stepReconcile } from './reconcile-plan.ts';

function started() {
  const plan = newReconcilePlan<string>();
  const tell = (event: ReconcileEvent<string>) => stepReconcile(plan, event);
  const ask = (asked: string, weight = 1, partition: string | null = 'default') =>
    tell({ type: 'asked', waiting: { asked, weight, partition } });
  return { plan, tell, ask };
}

/** Loaded, and no document is there. */
function idle() {
  const stage = started();
  expect(stage.tell({ type: 'loaded' })).toEqual([{ type: 'find' }]);
  expect(stage.tell({ type: 'found', document: false })).toEqual([]);
  return stage;
}

test('what is asked before the memory is there waits for it', () => {
  const { ask, tell } = started();
  expect(ask('a')).toEqual([]);
  expect(tell({ type: 'loaded' })).toEqual([{ type: 'apply', asked: ['a'] }]);
});

test('one write is under way at a time, and what waited for it of one partition goes together', () => {
  const { ask, tell } = idle();
  expect(ask('a')).toEqual([{ type: 'apply', asked: ['a'] }]);
  for (const one of ['b', 'c']) expect(ask(one)).toEqual([]);
  expect(ask('other', 1, 'north')).toEqual([]);
  expect(ask('command', 1, null)).toEqual([]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'apply', asked: ['b', 'c'] }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'apply', asked: ['other'] }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'apply', asked: ['command'] }]);
  expect(tell({ type: 'written' })).toEqual([]);
});

test('a write is no larger than a batch, and more than the queue holds is refused', () => {
  const { ask, tell } = idle();
  ask('first');
  expect(ask('a', reconcileBatchMax - 1)).toEqual([]);
  expect(ask('b', 2)).toEqual([]);
  expect(ask('c', reconcileQueueMax)).toEqual([{ type: 'refuse', asked: 'c', code: 'reconciler_busy' }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'apply', asked: ['a'] }]);
});

test('a write that failed is done again after a while, and nothing else meanwhile', () => {
  const { ask, tell } = idle();
  ask('a');
  expect(tell({ type: 'failed' })).toEqual([{ type: 'wait', delayMs: reconcilerRetryMs }]);
  expect(ask('b')).toEqual([]);
  expect(tell({ type: 'due' })).toEqual([{ type: 'write' }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'apply', asked: ['b'] }]);
});

test('batches of a document take turns with what is asked, and the next is looked for after its last', () => {
  const { ask, tell } = idle();
  expect(tell({ type: 'look' })).toEqual([{ type: 'find' }]);
  expect(tell({ type: 'found', document: true })).toEqual([{ type: 'read' }]);
  ask('a');
  ask('b', 1, 'north');
  expect(tell({ type: 'read', isOver: false })).toEqual([{ type: 'applyBatch', isLast: false }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'apply', asked: ['a'] }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'read' }]);
  expect(tell({ type: 'read', isOver: true })).toEqual([{ type: 'applyBatch', isLast: true }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'apply', asked: ['b'] }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'find' }]);
  expect(tell({ type: 'found', document: false })).toEqual([]);
});

test('a memory that broke is read again, and the document that was in it begins again', () => {
  const { ask, tell } = idle();
  tell({ type: 'look' });
  tell({ type: 'found', document: true });
  tell({ type: 'read', isOver: false });
  ask('a');
  expect(tell({ type: 'broken' })).toEqual([{ type: 'load' }]);
  expect(tell({ type: 'loaded' })).toEqual([{ type: 'apply', asked: ['a'] }]);
  expect(tell({ type: 'written' })).toEqual([{ type: 'find' }]);
});
