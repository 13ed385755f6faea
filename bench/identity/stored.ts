/**
 * How many device updates a second a tenant's reconciler takes with the store: a document of every device thrice, by three sources, through
 * the embedded PostgreSQL. Each round is a tenant of its own, so that all of them begin with nothing.
 */
import { storedDevices } from '../limits.ts';
import { perSecond } from '../ours/callers.ts';
import { openStoredTenant } from './stored-tenant.ts';
import type { DeviceUpdate } from './update.ts';

const firstMs = Date.parse('2026-01-05T00:00:00.000Z');
const hourMs = 3_600_000;

/** Updates a second, of one document of three times so many devices. */
export async function storedUpdatesPerS(devices: number = storedDevices): Promise<number> {
  const tenant = await openStoredTenant();
  try {
    const updates = thrice(devices);
    return perSecond(updates.length, await tenant.document(updates));
  } finally {
    await tenant.close();
  }
}

/** A source after the other tells of all devices; what they have in common is their MAC, and the last two the serial too. */
export function thrice(devices: number): DeviceUpdate[] {
  const all = Array.from({ length: devices }, (_, n) => n);
  return (['armis', 'netbox', 'snmp'] as const).flatMap((source, round) =>
    all.map((n): DeviceUpdate => {
      const serial = `SN${n}`;
      const metadata: Record<string, string> =
        source === 'armis'
          ? { armis_device_id: `${n}` }
          : source === 'netbox'
            ? { netbox_device_id: `${n}`, serial }
            : { serial };
      return {
        source,
        ip: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
        mac: `001B21${n.toString(16).padStart(6, '0').toUpperCase()}`,
        hostname: `host-${n}`,
        timestamp: new Date(firstMs + round * hourMs).toISOString(),
        is_available: true,
        metadata,
      };
    }),
  );
}
