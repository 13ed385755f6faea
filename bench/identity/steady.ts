/**
 * Devices that four sources tell of, one after the other, as a tenant's inventory fills: what the cost of one device and of one update
 * is measured on. Every device is told apart by four identifiers, has one address and one name.
 */
import type { DeviceUpdate } from './update.ts';

export interface SteadyPlan {
  readonly devices: number;
  /** Updates that come one at a time when all are there. */
  readonly single: number;
}

export const steadyPlan: SteadyPlan = { devices: 100_000, single: 3_000 };

const firstMs = Date.parse('2026-01-05T00:00:00.000Z');
const hourMs = 3_600_000;
const perBatch = 1_000;

/** Batch after batch; of one round all devices are told by one source. */
export function* steadyBatches({ devices }: SteadyPlan): Generator<DeviceUpdate[]> {
  for (let round = 0; round < 4; round += 1)
    for (let from = 0; from < devices; from += perBatch) {
      const batch: DeviceUpdate[] = [];
      for (let n = from; n < Math.min(devices, from + perBatch); n += 1) batch.push(steadyUpdate(n, round));
      yield batch;
    }
}

/** Each by another source than before, at another's address; a third of them brings an identifier that is new. */
export function* singleUpdates({ devices, single }: SteadyPlan): Generator<DeviceUpdate> {
  for (let k = 0; k < single; k += 1) {
    const n = (k * 7_919) % devices;
    const serial = serialOf(n);
    const metadata: Record<string, string> =
      k % 3 === 0 ? { integration_id: `I${n}`, integration_type: 'cmdb', serial } : { serial };
    yield { ...common(n, (n + 3) % devices, firstMs + 7 * hourMs + k), source: 'snmp', metadata };
  }
}

function steadyUpdate(n: number, round: number): DeviceUpdate {
  const told = common(n, n, firstMs + round * hourMs);
  if (round === 1) {
    const metadata = { netbox_device_id: String(n), serial: serialOf(n) };
    return { ...told, source: 'netbox', metadata };
  }
  if (round === 2) return { ...told, source: 'snmp', metadata: { serial: serialOf(n) } };
  return { ...told, source: 'armis', metadata: { armis_device_id: String(n) } };
}

function common(n: number, at: number, atMs: number): Omit<DeviceUpdate, 'source'> {
  return {
    ip: `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`,
    mac: `001B21${n.toString(16).padStart(6, '0').toUpperCase()}`,
    hostname: `host-${n}.example.net`,
    timestamp: new Date(atMs).toISOString(),
    is_available: true,
  };
}

function serialOf(n: number): string {
  return `SN-${String(n).padStart(8, '0')}`;
}
