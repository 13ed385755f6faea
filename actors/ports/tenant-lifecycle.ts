/** The life of a tenant. Its data are kept for a while after `cancel`, then purged; its row, and so its id, stays for ever. */
import { lifecycle } from './lifecycle.ts';
import type { TenantStatus } from './tenant-store.ts';

export type TenantEvent = 'provisioned' | 'fail' | 'retry' | 'suspend' | 'activate' | 'cancel';

export const tenantLife = lifecycle<TenantStatus, TenantEvent>({
  provisioned: { from: ['provisioning'], to: 'active' },
  fail: { from: ['provisioning'], to: 'failed' },
  retry: { from: ['failed'], to: 'provisioning' },
  suspend: { from: ['active'], to: 'suspended' },
  activate: { from: ['suspended'], to: 'active' },
  cancel: { from: ['active', 'suspended'], to: 'cancelled' },
});

/** Whether a core runs the tenant's actors: of a suspended one too, to account for what does not run. */
export function isRun(status: TenantStatus): boolean {
  return status === 'active' || status === 'suspended';
}
