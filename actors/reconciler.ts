/**
 * The reconciler of a tenant on the core that holds it: performs what reconcile-plan.ts orders. Its memory is the tenant's inventory;
 * whatever it decided is in the store, under its epoch, before anybody is told. Which sightings are one device is decided in `identity/`.
 */
import { defineActor } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import { explainDevice } from './explain-device.ts';
import type { Holding } from './inventory-counts.ts';
import { residentsOf } from './judge-update.ts';
import { reconcilerKey } from './names.ts';
import { reconcileBatchMax } from './reconcile-limits.ts';
import { newReconcilePlan } from './reconcile-plan.ts';
import type { ReconcilerProtocol } from './reconciler-messages.ts';
import {
  type Asked,
  newMemory,
  type ReconcilerNeeds,
  type ReconcilerSelf,
  type ReconcilerState,
} from './reconciler-state.ts';
import { handleInfo, lookDelayMs, perform, step, wantByHand } from './reconciler-turns.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export type { ReconcilerNeeds } from './reconciler-state.ts';

export function reconciler(needs: ReconcilerNeeds) {
  return defineActor<ReconcilerState, ReconcilerProtocol>({
    name: 'reconciler',
    init(self, tenantId, epoch) {
      self.state = {
        ...{ tenantId, epoch, plan: newReconcilePlan<Asked>(), memory: newMemory(self), isLoaded: false },
        ...{ reading: null, failedDocument: null, unwritten: [], isAway: false, taken: 0, writingSinceMs: 0 },
        ...{ byHandAfter: 0, isReadingByHand: false, isByHandWanted: false },
      };
      needs.counts?.hold(() => holdingOf(self.state), self.signal);
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
      withdraw(self, partition, source, who, why) {
        const reply = self.replyLater();
        ask(self, needs, { reply, type: 'withdraw', partition, source, byHand: { who, why } }, 1, null);
        return reply;
      },
      explain: (self, id) =>
        answer(self, async () => {
          const { isLoaded, memory } = self.state;
          if (!isLoaded) throw new TenantRefusal('standby', 'the inventory is being read: try again');
          const devices = memory.reconciler.holding(id);
          return devices === null ? null : explainDevice(devices, id);
        }),
      totals({ state }) {
        const { unwritten: _, ...holding } = holdingOf(state);
        return { ...holding, taken: state.taken };
      },
    },
    cast: {
      look(self) {
        step(self, needs, { type: 'look' });
        wantByHand(self, needs);
      },
    },
    info: (self, info) => handleInfo(self, needs, info),
  });
}

function holdingOf({ memory, plan, unwritten }: ReconcilerState): Holding {
  let devices = 0;
  for (const { inventory } of memory.reconciler.partitions.values()) devices += inventory.records.size;
  const residents = residentsOf(memory.reconciler);
  return { devices, residents, waiting: plan.queued, unwritten: unwritten.length };
}

function ask(
  self: ReconcilerSelf,
  needs: ReconcilerNeeds,
  asked: Asked,
  weight: number,
  partition: string | null,
) {
  step(self, needs, { type: 'asked', waiting: { asked, weight, partition } });
}
