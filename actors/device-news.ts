/** Who is told of a change in a device's life, once it is written. Who hears nothing reads the row. */
import type { Publisher, PubSub, Topic } from '../cluster/index.ts';
import type { Device } from './ports/device.ts';

/** Of one tenant, for itself. */
export function devicesTopic(tenantId: string): Topic {
  return { tenant: tenantId, name: 'devices' };
}

export interface DeviceNews {
  tenant_id: string;
  device_id: string;
  name: string;
  /** An event of the lifecycle, or `create`. */
  event: string;
  state: string;
  at: string;
}

export function announceDevice(
  topics: PubSub,
  from: Publisher,
  tenantId: string,
  device: Device,
  event: string,
): void {
  const { id, name, state, stateAtMs } = device;
  const at = new Date(stateAtMs).toISOString();
  const news: DeviceNews = { tenant_id: tenantId, device_id: id, name, event, state, at };
  topics.publish(from, devicesTopic(tenantId), news);
}
