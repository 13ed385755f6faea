/**
 * One way of deciding in a process of its own, which holds the truth and nothing of what else is measured: how fast it takes all
 * updates, again and again; or what a device and an update cost ours. Driven by messages of its parent, and ends with it.
 */
import type { Figures } from '../bench.ts';
import { appliedMs } from '../identity/grouping.ts';
import type { SteadyPlan } from '../identity/steady.ts';
import { byTenant, makeTruth, type TruthPlan } from '../identity/truth.ts';
import type { DeviceUpdate } from '../identity/update.ts';
import { type Way, ways } from '../identity/ways.ts';
import { obeyOrders } from '../obey-orders.ts';
import { perSecond } from './callers.ts';
import { identityCost } from './identity-cost.ts';

export type IdentityOrder =
  /** Makes the truth of which all rounds are. */
  | { readonly type: 'hold'; readonly way: Way; readonly plan: TruthPlan }
  | { readonly type: 'round' }
  | { readonly type: 'cost'; readonly plan: SteadyPlan };

export type IdentityReport =
  | { readonly type: 'held'; readonly updates: number }
  | { readonly type: 'rate'; readonly perS: number }
  | { readonly type: 'cost'; readonly figures: Figures };

let way: Way = 'ours';
let ofTenants: DeviceUpdate[][] = [];

function held(): number {
  return ofTenants.reduce((sum, { length }) => sum + length, 0);
}

/** Each tenant's updates into a grouping that knows nothing yet. */
function rate(): number {
  let elapsedMs = 0;
  for (const updates of ofTenants) elapsedMs += appliedMs(ways[way](false), updates, () => performance.now());
  return perSecond(held(), elapsedMs);
}

async function obey(order: IdentityOrder): Promise<IdentityReport> {
  switch (order.type) {
    case 'hold':
      way = order.way;
      ofTenants = [...byTenant(makeTruth(order.plan)).values()].map((all) => all.map(({ update }) => update));
      return { type: 'held', updates: held() };
    case 'round':
      return { type: 'rate', perS: rate() };
    case 'cost':
      return { type: 'cost', figures: identityCost(order.plan) };
  }
}

obeyOrders(obey);
