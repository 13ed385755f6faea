/** How a tenant's tree ends (`tenant.ts`): what it has goes to the store, and whatever lease it has, or may have, is given back. */
import { flushOnStopMs } from './limits.ts';
import type { TenantNeeds, TenantSelf } from './tenant-state.ts';

/** Ends the parts, brings the last rows to the store, and gives the lease back. */
export async function giveUp(self: TenantSelf, needs: TenantNeeds, reason: string): Promise<void> {
  const { running, tenantId, asking } = self.state;
  if (running !== null) {
    self.exit(running.scheduler, 'kill');
    self.exit(running.health, 'kill');
  }
  const answer = await asking?.catch(() => null);
  const epoch = answer?.granted === true ? answer.epoch : self.state.epoch;
  const isUnsure = answer === null || self.monotonicMs() < self.state.unsureUntilMs;
  if (epoch !== null) await giveBack(self, needs, epoch, reason);
  if (isUnsure) needs.owed(tenantId, null);
}

async function giveBack(self: TenantSelf, needs: TenantNeeds, epoch: number, reason: string): Promise<void> {
  const { tenantId } = self.state;
  const writer = needs.writer();
  if (writer !== null && reason !== 'fenced')
    await self
      .call(writer, flushOnStopMs)
      .flush(tenantId)
      .catch(() => {});
  const { node, boot } = needs.cluster;
  await needs.leases.release(tenantId, node, boot, epoch).catch(() => needs.owed(tenantId, epoch));
}
