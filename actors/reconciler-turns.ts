/**
 * What the plan of a tenant's reconciler orders, done: asks the store, decides in memory, writes what came of it and answers. Between
 * the plan (`reconcile-plan.ts`), the actor (`reconciler.ts`) and its ports. Which sightings are one device is decided in `identity/`.
 */
import { type Info, messageOf } from '../runtime/index.ts';
import { manualUpdates, othersOf, type PartitionUpdates } from './by-hand-updates.ts';
import { DocumentReading } from './document-reading.ts';
import { newPending, type Pending } from './inventory-changes.ts';
import { addToTally, newTally } from './inventory-counts.ts';
import { loadInventory } from './inventory-load.ts';
import { announceInventory, inventoryNews } from './inventory-news.ts';
import type { DeviceToSee, DocumentReconciled, DocumentToReconcile } from './ports/inventory-store.ts';
import { reconcileBatchMax, reconcilerLookMs } from './reconcile-limits.ts';
import {
  type ReconcileEffect,
  type ReconcileEvent,
  type ReconcileLane,
  stepReconcile,
} from './reconcile-plan.ts';
import type { UpdateOutcome } from './reconciler-messages.ts';
import {
  type Asked,
  newMemory,
  type ReconcilerNeeds,
  type ReconcilerSelf,
  type Unwritten,
} from './reconciler-state.ts';
import type { TenantInventory } from './tenant-inventory.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export const lookDelayMs = (self: ReconcilerSelf) => reconcilerLookMs * (0.75 + self.random() / 2);

export function step(self: ReconcilerSelf, needs: ReconcilerNeeds, event: ReconcileEvent<Asked>): void {
  for (const effect of stepReconcile(self.state.plan, event)) perform(self, needs, effect);
}

export function perform(self: ReconcilerSelf, needs: ReconcilerNeeds, effect: ReconcileEffect<Asked>): void {
  const { state } = self;
  const { tenantId } = state;
  if (effect.type === 'load') self.pipe(load(self, needs), 'loaded');
  else if (effect.type === 'refuse') {
    needs.counts?.noteBusy();
    effect.asked.reply.fail(
      new TenantRefusal(effect.code, 'too many device updates wait already: come again'),
    );
  } else if (effect.type === 'apply') applyAsked(self, needs, effect.asked);
  else if (effect.type === 'find') self.pipe(needs.inventory.nextDocument(tenantId), 'found');
  else if (effect.type === 'read') self.pipe(state.reading!.next(state.failedDocument), 'read');
  else if (effect.type === 'applyBatch') applyBatch(self, needs, effect.isLast);
  else if (effect.type === 'write') write(self, needs);
  else self.after(effect.delayMs, effect.lane);
}

export function handleInfo(self: ReconcilerSelf, needs: ReconcilerNeeds, info: Info): void {
  const { state } = self;
  if (info.type === 'timeout') {
    if (info.tag === 'look') {
      self.after(lookDelayMs(self), 'look');
      readByHand(self, needs);
    }
    step(
      self,
      needs,
      info.tag === 'look' ? { type: 'look' } : { type: 'due', lane: info.tag as ReconcileLane },
    );
  } else if (info.type === 'done' && info.tag === 'by_hand') byHandRead(self, needs, info.value, info.error);
  else if (info.type === 'done' && info.error !== null) failed(self, needs, info.tag, info.error);
  else if (info.type === 'done') {
    state.isAway = false;
    if (info.value === 'fenced') self.stop('fenced');
    else if (info.tag === 'loaded') {
      state.memory = info.value as TenantInventory;
      state.isLoaded = true;
      step(self, needs, { type: 'loaded' });
      readByHand(self, needs);
    } else if (info.tag === 'found') {
      const document = info.value as DocumentToReconcile | null;
      state.reading =
        document === null ? null : new DocumentReading(needs.documents, state.tenantId, document);
      step(self, needs, { type: 'found', document: document !== null });
    } else if (info.tag === 'read') step(self, needs, { type: 'read', isOver: info.value as boolean });
    else written(self, needs);
  }
}

/** From the first on: one that is there may have been merged or restored. */
export function wantByHand(self: ReconcilerSelf, needs: ReconcilerNeeds): void {
  const { state } = self;
  state.isByHandWanted = state.isReadingByHand;
  if (state.isReadingByHand) return;
  state.byHandAfter = 0;
  readByHand(self, needs);
}

/** What people wrote down is asked of us as anything else is, a page at a time; what is not known of is looked for by nobody. */
function readByHand(self: ReconcilerSelf, { inventory }: ReconcilerNeeds): void {
  const { state } = self;
  if (!state.isLoaded || state.isReadingByHand || state.byHandAfter === null) return;
  state.isReadingByHand = true;
  self.pipe(inventory.unseenByHand(state.tenantId, state.byHandAfter, reconcileBatchMax), 'by_hand');
}

function byHandRead(self: ReconcilerSelf, needs: ReconcilerNeeds, value: unknown, error: unknown): void {
  const { state } = self;
  state.isReadingByHand = false;
  // It is looked for again with the next look.
  if (error !== null) return;
  const devices = value as readonly DeviceToSee[];
  state.byHandAfter = devices.length < reconcileBatchMax ? null : devices.at(-1)!.ordinal;
  if (state.isByHandWanted) wantByHand(self, needs);
  takeByHand(self, needs, manualUpdates(devices), () => readByHand(self, needs));
}

/** Nobody waits for it. One that is refused by itself stays as it was written; one that is somebody else is asserted, and the rules say what follows. */
function takeByHand(
  self: ReconcilerSelf,
  needs: ReconcilerNeeds,
  parts: readonly PartitionUpdates[],
  over: () => void,
): void {
  for (const { partition, updates } of parts) {
    const answer = (said: unknown) => {
      const others = othersOf({ partition, updates }, said as readonly UpdateOutcome[]);
      if (others === null) over();
      else takeByHand(self, needs, [others], over);
    };
    const fail = () => {
      self.state.byHandAfter ??= 0;
    };
    const all = updates.map(({ update }) => update);
    const asked: Asked = { reply: { answer, fail }, type: 'updates', partition, updates: all };
    step(self, needs, { type: 'asked', waiting: { asked, weight: all.length, partition } });
  }
}

/** The same is done again until the store is back: what was decided is not forgotten, and not told before it is kept. */
function failed(self: ReconcilerSelf, needs: ReconcilerNeeds, tag: string, error: unknown): void {
  const { state } = self;
  if (!state.isAway)
    self.log('warn', 'the inventory waits for the store', {
      tenant: state.tenantId,
      at: tag,
      error: messageOf(error),
    });
  state.isAway = true;
  if (tag === 'read' && state.reading !== null)
    state.reading = new DocumentReading(needs.documents, state.tenantId, state.reading.document);
  step(self, needs, { type: 'failed', lane: tag === 'written' ? 'write' : 'ahead' });
}

async function load(
  self: ReconcilerSelf,
  { inventory, giveWay }: ReconcilerNeeds,
): Promise<TenantInventory | 'fenced'> {
  const { tenantId, epoch } = self.state;
  if (!(await inventory.claim({ tenantId, epoch }))) return 'fenced';
  const memory = newMemory(self);
  for (const [partition, told] of await loadInventory(inventory, tenantId, memory.reconciler, giveWay))
    memory.told.set(partition, told);
  return memory;
}

function applyAsked(self: ReconcilerSelf, needs: ReconcilerNeeds, all: readonly Asked[]): void {
  const { memory } = self.state;
  const answers: (() => void)[] = [];
  const tally = newTally();
  let batch: Unwritten['batch'] = null;
  const first = all[0]!;
  try {
    if (first.type === 'updates') {
      const pending = newPending();
      for (const asked of all) {
        if (asked.type !== 'updates') continue;
        const outcomes = memory.take(asked.partition, asked.updates, self.wallMs(), pending);
        self.state.taken += outcomes.length;
        addToTally(tally, outcomes);
        answers.push(() => asked.reply.answer(outcomes));
      }
      batch = prepared(self, needs, first.partition, pending, null);
    } else {
      const done = decidedByHand(memory, first);
      batch = prepared(self, needs, done.partition, done.pending, null);
      answers.push(() => first.reply.answer(done.answer));
    }
  } catch (error) {
    if (!(error instanceof TenantRefusal)) {
      for (const { reply } of all) reply.fail(new TenantRefusal('reconcile_failed', messageOf(error)));
      broke(self, needs, error);
      return;
    }
    // What refused it may itself not be in the store yet.
    answers.push(() => first.reply.fail(error));
  }
  self.state.unwritten.push({ batch, tally, answers, over: null });
  step(self, needs, { type: 'decided' });
}

function decidedByHand(memory: TenantInventory, asked: Exclude<Asked, { type: 'updates' }>) {
  const { type, byHand } = asked;
  if (type === 'merge') return memory.merge(asked.into, asked.from, byHand);
  if (type === 'unmerge') return memory.unmerge(asked.id, byHand);
  return memory.withdraw(asked.partition, asked.source, byHand);
}

function prepared(
  { state: { memory } }: ReconcilerSelf,
  { inventory }: ReconcilerNeeds,
  partition: string,
  pending: Pending,
  document: DocumentReconciled | null,
): Unwritten['batch'] {
  const { changes, news } = memory.changes(partition, pending, document);
  return { changes: inventory.prepare(changes), partition, news };
}

function applyBatch(self: ReconcilerSelf, needs: ReconcilerNeeds, isLast: boolean): void {
  const { state } = self;
  const reading = state.reading!;
  const { document } = reading;
  const { partition, ordinal, receivedAtMs } = document;
  try {
    const pending = newPending();
    const outcomes = state.memory.take(partition, reading.said(), receivedAtMs, pending);
    reading.account(outcomes);
    state.taken += outcomes.length;
    const account = isLast ? reading.reconciled(state.failedDocument === ordinal) : null;
    const batch = prepared(self, needs, partition, pending, account);
    const over = account === null ? null : { document, account };
    state.unwritten.push({ batch, tally: addToTally(newTally(), outcomes), answers: [], over });
    if (isLast) state.reading = null;
  } catch (error) {
    state.failedDocument = ordinal;
    broke(self, needs, error);
    return;
  }
  step(self, needs, { type: 'decided' });
}

/** A fault of ours. What is in the store is whole, so it is begun again from there; whoever asked is told. */
function broke(self: ReconcilerSelf, needs: ReconcilerNeeds, error: unknown): void {
  const { state } = self;
  self.log('error', 'the inventory could not be decided', {
    tenant: state.tenantId,
    error: messageOf(error),
  });
  state.isLoaded = false;
  step(self, needs, { type: 'broken' });
}

function write(self: ReconcilerSelf, needs: ReconcilerNeeds): void {
  const { tenantId, epoch, unwritten } = self.state;
  const { batch } = unwritten[0]!;
  if (batch === null) {
    written(self, needs);
    return;
  }
  self.state.writingSinceMs = self.monotonicMs();
  const done = needs.inventory.write({ tenantId, epoch }, batch.changes);
  self.pipe(
    done.then((answer) => ('refused' in answer ? 'fenced' : answer.written)),
    'written',
  );
}

function written(self: ReconcilerSelf, needs: ReconcilerNeeds): void {
  const { tenantId, unwritten, writingSinceMs } = self.state;
  const { batch, tally, answers, over } = unwritten.shift()!;
  for (const say of answers) say();
  needs.counts?.noteBatch(tally, batch?.news ?? null);
  if (batch !== null) {
    needs.counts?.noteWrite(self.monotonicMs() - writingSinceMs);
    const news = inventoryNews(tenantId, batch.partition, self.wallMs(), batch.news);
    if (news !== null) announceInventory(needs.cluster.topics, self, news);
  }
  if (over !== null) {
    const { id, agent } = over.document;
    const { updates, taken, failed: why } = over.account;
    needs.counts?.noteDocument(why === null ? 'reconciled' : 'failed');
    const told = { tenant: tenantId, id, agent, updates, taken, failed: why };
    self.log(why === null ? 'info' : 'error', 'a document is in the inventory', told);
  }
  step(self, needs, { type: 'written' });
}
