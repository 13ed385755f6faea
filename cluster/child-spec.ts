/**
 * What a supervised child is asked for with: data that travels, since code does not. Between whoever wants a child
 * (`supervisor.start`, rows of a store) and the machines that replicate and place it. Whether a kind exists is known where
 * the child is to run.
 */
import { childArgumentsMax } from './limits.ts';
import { formatKey, isKeyId, isKeyPart, platformTenant, type RegistryKey } from './names.ts';

export interface ChildSpec {
  /** Unique among all children of the cluster; the id of its name, too. */
  readonly id: string;
  /** What to run: a name that every node of the role knows (`serve`). */
  readonly kind: string;
  /** Nodes of this role may run it. */
  readonly role: string;
  /** What `init` is given. They travel. */
  readonly args: readonly unknown[];
  /** Children of one tenant live on one node. Without: each is placed by itself. */
  readonly tenant?: string;
}

/** What is wrong with it; null when nothing is. */
export function faultOf(spec: unknown): string | null {
  if (typeof spec !== 'object' || spec === null) return 'not an object';
  const { id, kind, role, args, tenant } = spec as Record<string, unknown>;
  if (!isKeyId(id)) return 'id';
  if (!isKeyPart(kind)) return 'kind';
  if (!isKeyPart(role)) return 'role';
  if (!Array.isArray(args) || args.length > childArgumentsMax) return 'args';
  if (tenant !== undefined && !isKeyPart(tenant)) return 'tenant';
  return null;
}

/** The name under which the child is found while it runs. */
export function keyOfChild({ id, kind, tenant }: ChildSpec): RegistryKey {
  return { tenant: tenant ?? platformTenant, partition: 'default', kind, id };
}

/**
 * What a supervised name is placed by. The registry settles a name that is held twice by the same text, so that the one
 * who keeps it is the one whom placement wants.
 */
export function placementText(key: RegistryKey): string {
  return key.tenant === platformTenant ? formatKey(key) : key.tenant;
}

/** As a row on the wire, positional because there are many. */
export type SpecFields = readonly [
  id: string,
  kind: string,
  role: string,
  args: readonly unknown[],
  tenant: string | null,
];

export function specFields({ id, kind, role, args, tenant }: ChildSpec): SpecFields {
  return [id, kind, role, args, tenant ?? null];
}

/** Null when it is none. */
export function readSpecFields(fields: unknown): ChildSpec | null {
  if (!Array.isArray(fields) || fields.length !== 5) return null;
  const [id, kind, role, args, tenant] = fields;
  const spec = { id, kind, role, args, ...(tenant !== null && { tenant }) };
  return faultOf(spec) === null ? (spec as ChildSpec) : null;
}

/** Whether they ask for the same child. What cannot be compared is taken for another. */
export function sameSpec(a: ChildSpec, b: ChildSpec): boolean {
  try {
    return JSON.stringify(specFields(a)) === JSON.stringify(specFields(b));
  } catch {
    return false;
  }
}
