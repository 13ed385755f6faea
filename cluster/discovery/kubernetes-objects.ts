/**
 * What the Kubernetes API says of a service's endpoints, read: EndpointSlices (discovery.k8s.io/v1), or Endpoints (v1)
 * where slices are not served or not allowed. Pure; nothing in an answer is taken for what it should be. Endpoints that
 * are not ready count (a node may become ready only by joining), those that terminate do not.
 */
import { joinAddress } from '../address.ts';
import { kubernetesObjectsMax } from './limits.ts';

export type Resource = 'slices' | 'endpoints';

export interface WantedEndpoints {
  readonly namespace: string;
  readonly service: string;
  /** A port's name or number; null: the port called `picket`, or else the only one. */
  readonly port: string | null;
}

/** By the name of its object (a slice, the endpoints), the addresses in it. */
export type ObjectsByName = Map<string, readonly string[]>;

export type WatchEvent =
  | { type: 'set'; name: string; addresses: readonly string[]; version: string }
  | { type: 'removed'; name: string; version: string }
  | { type: 'bookmark'; version: string }
  /** The version that was asked from is too old: list again. */
  | { type: 'expired' }
  | { type: 'error'; detail: string };

type Json = { readonly [key: string]: unknown };

export function pathOf(resource: Resource, { namespace, service }: WantedEndpoints): string {
  const [root, selector] =
    resource === 'slices'
      ? [
          '/apis/discovery.k8s.io/v1',
          `labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${service}`)}`,
        ]
      : ['/api/v1', `fieldSelector=${encodeURIComponent(`metadata.name=${service}`)}`];
  const plural = resource === 'slices' ? 'endpointslices' : 'endpoints';
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}?${selector}`;
}

/** Null when the text is no list of such objects. */
export function readList(
  resource: Resource,
  text: string,
  port: string | null,
): { version: string; objects: ObjectsByName } | null {
  const list = parse(text);
  const version = asObject(list?.metadata)?.resourceVersion;
  if (list === null || typeof version !== 'string' || !Array.isArray(list.items)) return null;
  const objects: ObjectsByName = new Map();
  for (const item of list.items.slice(0, kubernetesObjectsMax)) {
    const object = asObject(item);
    const name = asObject(object?.metadata)?.name;
    if (object === null || typeof name !== 'string') return null;
    objects.set(name, addressesIn(resource, object, port));
  }
  return { version, objects };
}

/** Null when the line is no event of a watch. */
export function readEvent(resource: Resource, line: string, port: string | null): WatchEvent | null {
  const event = parse(line);
  const object = asObject(event?.object);
  if (event === null || object === null) return null;
  if (event.type === 'ERROR') {
    if (object.code === 410) return { type: 'expired' };
    return { type: 'error', detail: `${String(object.code)} ${String(object.message).slice(0, 200)}` };
  }
  const { name, resourceVersion: version } = asObject(object.metadata) ?? {};
  if (typeof version !== 'string') return null;
  if (event.type === 'BOOKMARK') return { type: 'bookmark', version };
  if (typeof name !== 'string') return null;
  if (event.type === 'DELETED') return { type: 'removed', name, version };
  if (event.type !== 'ADDED' && event.type !== 'MODIFIED') return null;
  return { type: 'set', name, addresses: addressesIn(resource, object, port), version };
}

/** The text of a refusal: the message of a Status object, or nothing. */
export function statusMessage(text: string): string {
  const message = parse(text)?.message;
  return typeof message === 'string' ? message.slice(0, 200) : '';
}

function addressesIn(resource: Resource, object: Json, port: string | null): string[] {
  const found: string[] = [];
  const add = (hosts: unknown, ports: readonly number[]) => {
    for (const host of asList(hosts)) {
      if (typeof host === 'string') for (const number of ports) found.push(joinAddress(host, number));
    }
  };
  if (resource === 'slices') {
    const ports = portsIn(object.ports, port);
    for (const one of asList(object.endpoints)) {
      const endpoint = asObject(one);
      if (asObject(endpoint?.conditions)?.terminating !== true) add(endpoint?.addresses, ports);
    }
    return found;
  }
  for (const one of asList(object.subsets)) {
    const subset = asObject(one);
    const ports = portsIn(subset?.ports, port);
    for (const list of [subset?.addresses, subset?.notReadyAddresses]) {
      add(
        asList(list).map((address) => asObject(address)?.ip),
        ports,
      );
    }
  }
  return found;
}

/** A number holds also where no ports are named (a headless service need not name any). */
function portsIn(ports: unknown, wanted: string | null): number[] {
  if (wanted !== null && /^\d+$/.test(wanted)) return [Number(wanted)];
  const named = asList(ports).flatMap((one) => {
    const { name = '', port, protocol = 'TCP' } = asObject(one) ?? {};
    return typeof port === 'number' && protocol === 'TCP' ? [{ name, port }] : [];
  });
  const ours = named.filter(({ name }) => name === (wanted ?? 'picket'));
  if (ours.length === 0 && wanted === null && named.length === 1) return [named[0]!.port];
  return ours.map(({ port }) => port);
}

function parse(text: string): Json | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
