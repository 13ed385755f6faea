/**
 * The reconciler of a tenant on the core that holds it: performs what reconcile-plan.ts orders. Its memory is the tenant's inventory;
 * whatever it decided is in the store, under its epoch, before anybody is told. Which sightings are one device is decided in `identity/`.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, type Info, type LaterReply, messageOf, type Self } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import { DocumentReading } from './document-reading.ts';
import { explainDevice } from './explain-device.ts';
import { newPending } from './inventory-changes.ts';
import { loadInventory } from './inventory-load.ts';
import { residentsOf } from './judge-update.ts';
import { reconcilerKey } from './names.ts';
import { idOf } from './ports/device-id.ts';
import type { DocumentShelf } from './ports/document-store.ts';
import type { DocumentToReconcile, InventoryChanges, InventoryStore } from './ports/inventory-store.ts';
import { reconcileBatchMax, reconcilerLookMs } from './reconcile-limits.ts';
import {
  newReconcilePlan,
  type ReconcileEffect,
  type ReconcileEvent,
  type ReconcilePlan,
  stepReconcile,
} from './reconcile-plan.ts';
import type { ReconcilerProtocol } from './reconciler-messages.ts';
import { type ByHand, TenantInventory } from './tenant-inventory.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export interface ReconcilerNeeds {
  readonly cluster: Cluster;
  readonly inventory: InventoryStore;
  readonly documents: Pick<DocumentShelf, 'read'>;
  giveWay(): Promise<void>;
}

type Asked = { readonly reply: LaterReply } & (
  | { readonly type: 'updates'; readonly partition: string; readonly updates: readonly unknown[] }
  | { readonly type: 'merge'; readonly into: string; readonly from: string; readonly byHand: ByHand }
  | { readonly type: 'unmerge'; readonly id: string; readonly byHand: ByHand }
);

interface ReconcilerState {
  readonly tenantId: string;
  readonly epoch: number;
  readonly plan: ReconcilePlan<Asked>;
  memory: TenantInventory;
  isLoaded: boolean;
  reading: DocumentReading | null;
  /** The memory broke over this one: it is told as failed. */
  failedDocument: number | null;
  /** What is being written, and what is said when it is. */
  writing: { changes: InventoryChanges; answers: (() => void)[] } | null;
  isAway: boolean;
  taken: number;
}

type ReconcilerSelf = Self<ReconcilerState, ReconcilerProtocol>;

export function reconciler(needs: ReconcilerNeeds) {
  return defineActor<ReconcilerState, ReconcilerProtocol>({
    name: 'reconciler',
    init(self, tenantId, epoch) {
      self.state = {
        ...{ tenantId, epoch, plan: newReconcilePlan<Asked>(), memory: newMemory(self), isLoaded: false },
        ...{ reading: null, failedDocument: null, writing: null, isAway: false, taken: 0 },
      };
      needs.cluster.names.register(reconcilerKey(tenantId), self.ref, {});
      perform(self, needs, { type: 'load' });
      self.after(lookDelayMs(self), 'look');
      return self.state;
    },
    call: {
      updates(self, partition, updates) {
        const reply = self.replyLater();
        const detail = `at most ${reconcileBatchMax} device updates in one message`;
        if (!Array.isArray(updates) || updates.length > reconcileBatchMax)
          reply.fail(new TenantRefusal('too_many_updates', detail));
        else {
          const weight = Math.max(1, updates.length);
          ask(self, needs, { reply, type: 'updates', partition, updates }, weight, partition);
        }
        return reply;
      },
      merge(self, into, from, who, why) {
        const reply = self.replyLater();
        ask(self, needs, { reply, type: 'merge', into, from, byHand: { who, why } }, 1, null);
        return reply;
      },
      unmerge(self, id, who, why) {
        const reply = self.replyLater();
        ask(self, needs, { reply, type: 'unmerge', id, byHand: { who, why } }, 1, null);
        return reply;
      },
      explain: (self, id) =>
        answer(self, async () => {
          const { isLoaded, memory } = self.state;
          if (!isLoaded) throw new TenantRefusal('standby', 'the inventory is being read: try again');
          const devices = memory.reconciler.holding(id);
          return devices === null ? null : explainDevice(devices, id);
        }),
      totals({ state: { memory, plan, taken } }) {
        let devices = 0;
        for (const { inventory } of memory.reconciler.partitions.values()) devices += inventory.records.size;
        return { devices, residents: residentsOf(memory.reconciler), waiting: plan.queued, taken };
      },
    },
    cast: { look: (self) => step(self, needs, { type: 'look' }) },
    info: (self, info) => handleInfo(self, needs, info),
  });
}

function newMemory(self: Self<unknown, ReconcilerProtocol>): TenantInventory {
  return new TenantInventory(() =>
    idOf(Uint8Array.from({ length: 16 }, () => Math.floor(self.random() * 256))),
  );
}

const lookDelayMs = (self: Self<unknown, ReconcilerProtocol>) =>
  reconcilerLookMs * (0.75 + self.random() / 2);

function ask(
  self: ReconcilerSelf,
  needs: ReconcilerNeeds,
  asked: Asked,
  weight: number,
  partition: string | null,
) {
  step(self, needs, { type: 'asked', waiting: { asked, weight, partition } });
}

function step(self: ReconcilerSelf, needs: ReconcilerNeeds, event: ReconcileEvent<Asked>): void {
  for (const effect of stepReconcile(self.state.plan, event)) perform(self, needs, effect);
}

function perform(self: ReconcilerSelf, needs: ReconcilerNeeds, effect: ReconcileEffect<Asked>): void {
  const { state } = self;
  const { tenantId } = state;
  if (effect.type === 'load') self.pipe(load(self, needs), 'loaded');
  else if (effect.type === 'refuse')
    effect.asked.reply.fail(
      new TenantRefusal(effect.code, 'too many device updates wait already: come again'),
    );
  else if (effect.type === 'apply') applyAsked(self, needs, effect.asked);
  else if (effect.type === 'find') self.pipe(needs.inventory.nextDocument(tenantId), 'found');
  else if (effect.type === 'read') self.pipe(state.reading!.next(state.failedDocument), 'read');
  else if (effect.type === 'applyBatch') applyBatch(self, needs, effect.isLast);
  else if (effect.type === 'write') write(self, needs);
  else self.after(effect.delayMs, 'due');
}

function handleInfo(self: ReconcilerSelf, needs: ReconcilerNeeds, info: Info): void {
  const { state } = self;
  if (info.type === 'timeout') {
    if (info.tag === 'look') self.after(lookDelayMs(self), 'look');
    step(self, needs, { type: info.tag === 'look' ? 'look' : 'due' });
  } else if (info.type === 'done' && info.error !== null) failed(self, needs, info.tag, info.error);
  else if (info.type === 'done') {
    state.isAway = false;
    if (info.value === 'fenced') self.stop('fenced');
    else if (info.tag === 'loaded') {
      state.memory = info.value as TenantInventory;
      state.isLoaded = true;
      step(self, needs, { type: 'loaded' });
    } else if (info.tag === 'found') {
      const document = info.value as DocumentToReconcile | null;
      state.reading =
        document === null ? null : new DocumentReading(needs.documents, state.tenantId, document);
      step(self, needs, { type: 'found', document: document !== null });
    } else if (info.tag === 'read') step(self, needs, { type: 'read', isOver: info.value as boolean });
    else written(self, needs);
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
  step(self, needs, { type: 'failed' });
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
  let changes: InventoryChanges | null = null;
  const first = all[0]!;
  try {
    if (first.type === 'updates') {
      const pending = newPending();
      for (const asked of all) {
        if (asked.type !== 'updates') continue;
        const outcomes = memory.take(asked.partition, asked.updates, self.wallMs(), pending);
        self.state.taken += outcomes.length;
        answers.push(() => asked.reply.answer(outcomes));
      }
      changes = memory.changes(first.partition, pending, null);
    } else {
      const { type, byHand } = first;
      const done =
        type === 'merge' ? memory.merge(first.into, first.from, byHand) : memory.unmerge(first.id, byHand);
      changes = memory.changes(done.partition, done.pending, null);
      answers.push(() => first.reply.answer(done.answer));
    }
  } catch (error) {
    if (error instanceof TenantRefusal) {
      first.reply.fail(error);
      step(self, needs, { type: 'written' });
      return;
    }
    for (const { reply } of all) reply.fail(new TenantRefusal('reconcile_failed', messageOf(error)));
    broke(self, needs, error);
    return;
  }
  self.state.writing = { changes, answers };
  write(self, needs);
}

function applyBatch(self: ReconcilerSelf, needs: ReconcilerNeeds, isLast: boolean): void {
  const { state } = self;
  const reading = state.reading!;
  const { partition, ordinal, receivedAtMs } = reading.document;
  try {
    const pending = newPending();
    const outcomes = state.memory.take(partition, reading.said(), receivedAtMs, pending);
    reading.account(outcomes);
    state.taken += outcomes.length;
    const over = isLast ? reading.reconciled(state.failedDocument === ordinal) : null;
    state.writing = { changes: state.memory.changes(partition, pending, over), answers: [] };
  } catch (error) {
    state.failedDocument = ordinal;
    broke(self, needs, error);
    return;
  }
  write(self, needs);
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

function write(self: ReconcilerSelf, { inventory }: ReconcilerNeeds): void {
  const { tenantId, epoch, writing } = self.state;
  const done = inventory.write({ tenantId, epoch }, writing!.changes);
  self.pipe(
    done.then((answer) => ('refused' in answer ? 'fenced' : answer.written)),
    'written',
  );
}

function written(self: ReconcilerSelf, needs: ReconcilerNeeds): void {
  const { state } = self;
  const { changes, answers } = state.writing!;
  state.writing = null;
  for (const say of answers) say();
  if (changes.document !== null) {
    const { updates, taken, failed: why } = changes.document;
    const { id, agent } = state.reading!.document;
    state.reading = null;
    const told = { tenant: state.tenantId, id, agent, updates, taken, failed: why };
    self.log(why === null ? 'info' : 'error', 'a document is in the inventory', told);
  }
  step(self, needs, { type: 'written' });
}
