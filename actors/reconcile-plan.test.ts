import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decidedAheadUpdatesMin,
  reconcileBatchMax,
  reconcileQueueMax,
  reconcilerRetryMs,
  unwrittenBatchesMax,
} from './reconcile-limits.ts';
import {
  newReconcilePlan,
  type ReconcileEffect,
  type ReconcileEvent,
  type ReconcileLane,
  stepReconcile,
} from './reconcile-plan.ts';

type Event = ReconcileEvent<string>;
type Effect = ReconcileEffect<string>;
const [decided, written, write]: [Event, Event, Effect] = [
  ...([{ type: 'decided' }, { type: 'written' }, { type: 'write' }] as const),
];
const apply = (...asked: string[]): Effect => ({ type: 'apply', asked });

function started() {
  const plan = newReconcilePlan<string>();
  const tell = (event: Event) => stepReconcile(plan, event);
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
  expect(tell({ type: 'loaded' })).toEqual([apply('a')]);
  expect(tell(decided)).toEqual([write, { type: 'find' }]);
});

test('one write is under way at a time, and the few that waited for it of one partition go together', () => {
  const { ask, tell } = idle();
  expect(ask('a')).toEqual([apply('a')]);
  expect(tell(decided)).toEqual([write]);
  for (const one of ['b', 'c']) expect(ask(one)).toEqual([]);
  expect(ask('other', 1, 'north')).toEqual([]);
  expect(ask('command', 1, null)).toEqual([]);
  for (const asked of [['b', 'c'], ['other'], ['command']]) {
    expect(tell(written)).toEqual([apply(...asked)]);
    expect(tell(decided)).toEqual([write]);
  }
  expect(tell(written)).toEqual([]);
});

test('the next large batches are decided while one is being written, and no more than a few', () => {
  const { ask, tell } = idle();
  ask('0', reconcileBatchMax);
  expect(tell(decided)).toEqual([write]);
  for (let n = 1; n < unwrittenBatchesMax; n += 1) {
    expect(ask(`${n}`, decidedAheadUpdatesMin)).toEqual([apply(`${n}`)]);
    expect(tell(decided)).toEqual([]);
  }
  expect(ask('more', reconcileBatchMax)).toEqual([]);
  expect(tell(written)).toEqual([write, apply('more')]);
});

test('a write is no larger than a batch, and more than the queue holds is refused', () => {
  const { ask, tell } = idle();
  ask('first');
  expect(ask('a', reconcileBatchMax - 1)).toEqual([]);
  expect(ask('b', 2)).toEqual([]);
  expect(ask('c', reconcileQueueMax)).toEqual([{ type: 'refuse', asked: 'c', code: 'reconciler_busy' }]);
  expect(tell(decided)).toEqual([write, apply('a')]);
});

test('a write that failed is done again after a while, and nothing after it is written before', () => {
  const { ask, tell } = idle();
  ask('a', reconcileBatchMax);
  tell(decided);
  expect(tell({ type: 'failed', lane: 'write' })).toEqual([
    { type: 'wait', lane: 'write', delayMs: reconcilerRetryMs },
  ]);
  expect(ask('b', reconcileBatchMax)).toEqual([apply('b')]);
  expect(tell(decided)).toEqual([]);
  expect(tell({ type: 'due', lane: 'ahead' })).toEqual([]);
  expect(tell({ type: 'due', lane: 'write' })).toEqual([write]);
  expect(tell(written)).toEqual([write]);
  expect(tell(written)).toEqual([]);
});

test('batches of a document take turns with what is asked, and the next is looked for when its last is written', () => {
  const { ask, tell } = idle();
  expect(tell({ type: 'look' })).toEqual([{ type: 'find' }]);
  expect(tell({ type: 'found', document: true })).toEqual([{ type: 'read' }]);
  ask('a');
  ask('b', 1, 'north');
  expect(tell({ type: 'read', isOver: false })).toEqual([{ type: 'applyBatch', isLast: false }]);
  expect(tell(decided)).toEqual([write, apply('a')]);
  expect(tell(decided)).toEqual([{ type: 'read' }]);
  expect(tell({ type: 'read', isOver: true })).toEqual([{ type: 'applyBatch', isLast: true }]);
  expect(tell(decided)).toEqual([]);
  // Somebody says that there is one: it may be this, which is not over before its last batch is written.
  expect(tell({ type: 'look' })).toEqual([]);
  for (let left = 2; left > 0; left -= 1) expect(tell(written)).toEqual([write]);
  expect(tell(written)).toEqual([apply('b')]);
  expect(tell(decided)).toEqual([write, { type: 'find' }]);
});

test('a memory that broke is read again when what was decided before is written, and its document begins again', () => {
  const { ask, tell } = idle();
  tell({ type: 'look' });
  tell({ type: 'found', document: true });
  tell({ type: 'read', isOver: false });
  expect(tell(decided)).toEqual([write, { type: 'read' }]);
  tell({ type: 'read', isOver: false });
  expect(tell({ type: 'broken' })).toEqual([]);
  expect(ask('a')).toEqual([]);
  expect(tell(written)).toEqual([{ type: 'load' }]);
  expect(tell({ type: 'loaded' })).toEqual([apply('a')]);
  expect(tell(decided)).toEqual([write, { type: 'find' }]);
});

/** A shell whose store answers in any order, fails at times, and whose memory breaks at times. */
function played(choices: readonly number[]) {
  const plan = newReconcilePlan<string>();
  const [open, waiting]: [Effect['type'][], ReconcileLane[]] = [['load'], []];
  const told: { answered: string[]; order: string[]; faults: string[] } = {
    answered: [],
    order: [],
    faults: [],
  };
  const row: string[][] = [];
  let [documents, isUnread, serial] = [3, 2, 0];
  const isFault = (is: boolean, what: string) => is && told.faults.push(what);
  const perform = (effect: Effect, choice: number): void => {
    if (effect.type === 'refuse') told.answered.push(effect.asked);
    else if (effect.type === 'wait') waiting.push(effect.lane);
    else if (effect.type === 'apply' || effect.type === 'applyBatch') {
      const asked = effect.type === 'apply' ? [...effect.asked] : [];
      if (choice % 11 === 0) {
        told.answered.push(...asked);
        tell({ type: 'broken' }, 1);
        return;
      }
      if (effect.type === 'applyBatch') asked.push(effect.isLast ? 'end' : 'batch');
      row.push(asked);
      isFault(row.length > unwrittenBatchesMax, 'too many are decided');
      tell({ type: 'decided' }, 1);
    } else {
      isFault(open.includes(effect.type), `two of ${effect.type}`);
      isFault(effect.type === 'load' && row.length > 0, 'it is read before all is written');
      isFault(effect.type === 'find' && row.flat().includes('end'), 'a document that is over is found again');
      open.push(effect.type);
    }
  };
  const tell = (event: Event, choice: number): void => {
    for (const effect of stepReconcile(plan, event)) perform(effect, choice);
  };
  const answer = (type: Effect['type'], choice: number): void => {
    open.splice(open.indexOf(type), 1);
    if (choice % 7 === 0) tell({ type: 'failed', lane: type === 'write' ? 'write' : 'ahead' }, choice);
    else if (type === 'load') tell({ type: 'loaded' }, choice);
    else if (type === 'find') {
      isUnread = 2;
      tell({ type: 'found', document: documents > 0 }, choice);
    } else if (type === 'read') tell({ type: 'read', isOver: --isUnread <= 0 }, choice);
    else {
      const asked = row.shift()!;
      for (const one of asked) if (one === 'end') documents -= 1;
      told.answered.push(...asked.filter((one) => one !== 'end' && one !== 'batch'));
      tell({ type: 'written' }, choice);
    }
  };
  const isQuiet = () => open.length === 0 && waiting.length === 0;
  const act = (choice: number) => {
    if (choice % 3 === 0 && serial < 40) {
      const asked = `${serial++}`;
      const waits = { asked, weight: 1 + (choice % 600), partition: choice % 5 === 0 ? null : 'default' };
      tell({ type: 'asked', waiting: waits }, choice);
      return;
    }
    if (choice % 13 === 0) tell({ type: 'look' }, choice);
    const at = choice % Math.max(1, open.length + waiting.length);
    if (at < open.length) answer(open[at]!, choice);
    else for (const lane of waiting.splice(at - open.length, 1)) tell({ type: 'due', lane }, choice);
  };
  for (const choice of choices) act(choice);
  // From here on the store answers, and nothing breaks.
  for (let left = 500; left > 0 && !isQuiet(); left -= 1) act(1);
  return { ...told, serial, documents, isQuiet: isQuiet(), row };
}

test('whatever fails and breaks, everything is answered once, after its write, and every document comes to its end', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 200 }), (choices) => {
      const { answered, faults, serial, documents, isQuiet, row } = played(choices);
      expect(faults).toEqual([]);
      expect(isQuiet).toBe(true);
      expect(row).toEqual([]);
      expect(answered.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: serial }, (_, n) => n));
      expect(documents).toBe(0);
    }),
    { numRuns: 500 },
  );
});
