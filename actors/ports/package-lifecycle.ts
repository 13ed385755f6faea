/**
 * The life of an edge package: made for one agent, poller or collector, delivered to one key, activated when its bearer
 * first comes with the certificate. A deleted one is told to nobody.
 */
import { lifecycle } from './lifecycle.ts';

export const packageStates = ['issued', 'delivered', 'activated', 'revoked', 'expired', 'deleted'] as const;
export type PackageState = (typeof packageStates)[number];
export type PackageEvent = 'deliver' | 'activate' | 'revoke' | 'expire' | 'soft_delete';

export const packageLife = lifecycle<PackageState, PackageEvent>({
  deliver: { from: ['issued'], to: 'delivered' },
  activate: { from: ['delivered'], to: 'activated' },
  revoke: { from: ['issued', 'delivered', 'activated'], to: 'revoked' },
  expire: { from: ['issued', 'delivered'], to: 'expired' },
  soft_delete: { from: ['issued', 'delivered', 'activated', 'revoked', 'expired'], to: 'deleted' },
});
