/**
 * The registry's frames as they arrive: what a peer says is read into an event. Between the links and the registry's
 * shell; whether a peer may say it is asked elsewhere, and `registry-teller.ts` sends.
 */
import type { Codec } from './codec.ts';
import { isOwnRow } from './directory-entry.ts';
import type { ControlFrame } from './frame.ts';
import type { RegistryEvent } from './registry.ts';
import { readDelta, readFetch, readHeads, readOrigins } from './registry-wire.ts';

/** Null: it cannot be read. */
export function readRegistryFrame(
  codec: Codec,
  peer: string,
  frame: ControlFrame,
): Extract<RegistryEvent, { type: 'delta' | 'fetch' | 'origins' | 'heads' }> | 'not_of_registry' | null {
  switch (frame.kind) {
    case 'registry_delta': {
      const { origin, boot, tenant } = frame.header;
      const delta = readDelta(origin, boot, tenant, codec.decode(frame.payload));
      if (delta === null || !delta.puts.every((row) => isOwnRow(row, origin, boot))) return null;
      return { type: 'delta', peer, delta };
    }
    case 'registry_fetch': {
      const { origin, boot, tenant, since } = frame.header;
      const request = readFetch(origin, boot, tenant, since);
      return request && { type: 'fetch', peer, request };
    }
    case 'registry_origins': {
      const rows = readOrigins(codec.decode(frame.payload));
      return rows && { type: 'origins', peer, rows };
    }
    case 'registry_heads': {
      const message = readHeads(codec.decode(frame.payload));
      return message && { type: 'heads', peer, message };
    }
    default:
      return 'not_of_registry';
  }
}
