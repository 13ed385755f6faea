/**
 * The registry's frames: what the pure registry wants told goes to the links that it concerns, and what a peer says is read
 * into an event. Between the registry's shell and the links; whether a peer may say it is asked elsewhere.
 */
import { Ref } from '../runtime/index.ts';
import type { Codec } from './codec.ts';
import { type ControlFrame, encodeControl } from './frame.ts';
import type { Link } from './link.ts';
import type { RegistryEvent } from './registry.ts';
import type { RegistryEffect } from './registry-state.ts';
import {
  deltaPayload,
  headsPayload,
  type PutRow,
  type RegistryDelta,
  readDelta,
  readFetch,
  readHeads,
  readOrigins,
} from './registry-wire.ts';

interface Links {
  readonly codec: Codec;
  linkTo(node: string): Link | null;
  nodeLinks(): Iterable<Link>;
}

type Told = Extract<
  RegistryEffect,
  { type: 'broadcast' | 'send_delta' | 'send_fetch' | 'send_origins' | 'send_heads' }
>;

export function sendRegistry(links: Links, effect: Told): void {
  const { codec } = links;
  switch (effect.type) {
    case 'broadcast':
      broadcast(links, effect.delta);
      return;
    case 'send_delta': {
      const { origin, boot, tenant } = effect.delta;
      const payload = codec.encode(deltaPayload(effect.delta));
      links.linkTo(effect.peer)?.sendControl('registry_delta', { boot, origin, tenant }, payload);
      return;
    }
    case 'send_fetch': {
      const { origin, boot, tenant, since } = effect;
      links.linkTo(effect.peer)?.sendControl('registry_fetch', { boot, since, origin, tenant });
      return;
    }
    case 'send_origins':
      links.linkTo(effect.peer)?.sendControl('registry_origins', {}, codec.encode(effect.rows));
      return;
    case 'send_heads': {
      const payload = codec.encode(headsPayload(effect.message));
      links.linkTo(effect.peer)?.sendControl('registry_heads', {}, payload);
      return;
    }
  }
}

/** Encoded once; a tenant's node is told of its own tenant alone. */
function broadcast(links: Links, delta: RegistryDelta): void {
  const { origin, boot, tenant } = delta;
  const payload = links.codec.encode(deltaPayload(delta));
  const header = { boot, origin, tenant };
  let frame: Buffer | null = null;
  for (const link of links.nodeLinks()) {
    if (link.fence === null) {
      frame ??= encodeControl('registry_delta', header, payload);
      link.sendShared('registry_delta', frame);
    } else if (link.fence.tenant === tenant) link.sendControl('registry_delta', header, payload);
  }
}

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

/** A name leads to an actor of the node and boot that wrote it, and its metadata is a plain object. */
function isOwnRow(row: PutRow, origin: string, boot: number): boolean {
  const [, , , ref, metadata] = row;
  if (!(ref instanceof Ref) || ref.node !== origin || ref.boot !== boot) return false;
  return typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
}
