/**
 * The actor that an operator names: by its number in the tree of this node, by the name that it took here, or by its key in
 * the cluster, `TENANT/PARTITION/KIND/ID`. Of another tenant's it says what it says of nobody's.
 */
import { type ClusterNode, type NameEntry, type RegistryKey, tenantOfNode } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type { ShellCall } from './command.ts';
import { ShellError } from './errors.ts';
import { completionNamesMax } from './limits.ts';

type Seeker = Pick<ShellCall, 'node' | 'scope'>;

/** Throws `no_such_actor`. */
export function findActor({ node, scope }: Seeker, text: string): Ref {
  const ref = text.includes('/') ? byKey(node, text, scope.tenant) : here(node, text, scope.tenant);
  if (ref !== null) return ref;
  throw noSuchActor(text);
}

/** The same words whether it is not there or not to be seen, so that nobody can tell one from the other. */
export function noSuchActor(text: string): ShellError {
  return new ShellError(
    'no_such_actor',
    `there is no actor "${text}" for this session: tree shows the numbers of those here, registry the keys`,
  );
}

/** The same, of this node alone. Throws `lives_elsewhere` too. */
export function findActorHere(call: Seeker, text: string): Ref {
  const ref = findActor(call, text);
  if (ref.node === call.node.node) return ref;
  throw new ShellError('lives_elsewhere', `${text} lives on ${ref.node}: connect ${ref.node}`);
}

function byKey({ names }: ClusterNode, text: string, tenant: string | null): Ref | null {
  const [first = '', partition = '', kind = '', ...rest] = text.split('/');
  const key: RegistryKey = { tenant: first, partition, kind, id: rest.join('/') };
  if (tenant !== null && key.tenant !== tenant) return null;
  return names.entry(key)?.ref ?? null;
}

/**
 * Whether the session may write to it. Actors of the platform's nodes do what they are told, past every quota: whoever is of one
 * tenant writes to those alone that the tenant's nodes may address, too, which judge what comes, and to its own nodes.
 */
export function mayWriteTo({ node, scope: { tenant } }: Seeker, text: string, ref: Ref): boolean {
  if (tenant === null || tenantOfNode(ref.node) === tenant) return true;
  const { labels } = node.looking;
  if (ref.node === node.node) return labels.isDoorOf(ref.id, tenant);
  return labels.isDoorKind(text.split('/')[2] ?? '');
}

/** An actor without a key in the cluster is the platform's. */
function here(node: ClusterNode, text: string, tenant: string | null): Ref | null {
  if (tenant !== null) {
    const own = namesOf({ node, scope: { operator: '', tenant } }, { node: node.node });
    return own.find(({ ref, key }) => String(ref.id) === text || key.id === text)?.ref ?? null;
  }
  const cell = /^\d+$/.test(text) ? node.system.cells.get(Number(text)) : undefined;
  return cell?.ref ?? node.system.whereis(text);
}

/** Names that the session may see. */
export function namesOf({ node, scope }: Seeker, query: { node?: string; kind?: string }): NameEntry[] {
  return node.names.list({ ...query, ...(scope.tenant !== null && { tenant: scope.tenant }) });
}

/** Keys of actors, to complete what is typed. */
export function actorWords(call: Seeker): string[] {
  return keyWords(call, null);
}

/** Those of this node. */
export function actorWordsHere(call: Seeker): string[] {
  return keyWords(call, call.node.node);
}

function keyWords({ node, scope }: Seeker, on: string | null): string[] {
  const words: string[] = [];
  const query = { ...(on !== null && { node: on }), ...(scope.tenant !== null && { tenant: scope.tenant }) };
  for (const { key } of node.names.scan(query)) {
    if (words.length === completionNamesMax) break;
    words.push(`${key.tenant}/${key.partition}/${key.kind}/${key.id}`);
  }
  return words;
}

/** Nodes that the session may name: those of the platform, and of its tenant. */
export function nodeWords({ node, scope }: Seeker): string[] {
  return node.members
    .list()
    .filter(({ name }) => mayNameNode(scope.tenant, name))
    .map(({ name }) => name);
}

export function mayNameNode(tenant: string | null, node: string): boolean {
  const owner = tenantOfNode(node);
  return tenant === null || owner === null || owner === tenant;
}
