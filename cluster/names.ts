/**
 * The words that name things across nodes: node names, and registry keys `tenant/partition/kind/id`. Between everything
 * that takes a name from outside and the registry. Tenant ids and partitions are checked for shape only: whether they
 * exist is known elsewhere.
 */
import { keyIdCharactersMax, keyPartCharactersMax, nodeNameCharactersMax } from './limits.ts';

/** The tenant of the platform's own names. */
export const platformTenant = 'platform';

export interface RegistryKey {
  readonly tenant: string;
  readonly partition: string;
  readonly kind: string;
  readonly id: string;
}

const tenantNodePattern = /^[a-z][a-z2-7]{11}\.[a-z0-9_-]+$/;
const tenantIdCharacters = 12;
const point = 46;
const inNodeName = 1;
const inPart = 2;
/** For each character of ASCII what it may stand in: all names of all deltas are judged, and a pattern takes longer. */
const places = new Uint8Array(128);
for (const one of 'abcdefghijklmnopqrstuvwxyz0123456789_-') places[one.charCodeAt(0)] = inNodeName | inPart;
// No slash: the text of a key must read back one way only.
for (const one of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ.') places[one.charCodeAt(0)] = inPart;
// Control characters would let a name forge log lines; lone surrogates do not survive UTF-8.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const idRefusedPattern = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Surrogate}]/u;

/** a-z, 0-9, `_`, `-`, at most 63: what a node's certificate may say, too. Or the name of a tenant's node. */
export function isNodeName(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    text.length <= nodeNameCharactersMax &&
    (isAllIn(text, inNodeName) || tenantNodePattern.test(text))
  );
}

/**
 * The name of a tenant's node: `TENANT.NAME`. No certificate of a platform node can bear it, for the point, nor one of
 * another tenant, for the id: so nobody takes anybody's name. Null when the certificate's name is not spelled as a
 * node's, or has more than 50 characters.
 */
export function tenantNodeName(tenantId: string, name: string): string | null {
  const whole = `${tenantId}.${name}`;
  return whole.length <= nodeNameCharactersMax && tenantNodePattern.test(whole) ? whole : null;
}

/** Whose node that is, by its name alone; null: the platform's. */
export function tenantOfNode(node: string): string | null {
  return node.charCodeAt(tenantIdCharacters) === point ? node.slice(0, tenantIdCharacters) : null;
}

export function isKeyPart(text: unknown): text is string {
  return typeof text === 'string' && text.length <= keyPartCharactersMax && isAllIn(text, inPart);
}

export function isKeyId(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    text.length > 0 &&
    text.length <= keyIdCharactersMax &&
    (isAllIn(text, inPart) || !idRefusedPattern.test(text))
  );
}

/** An empty text is in nothing. */
function isAllIn(text: string, place: number): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= places.length || (places[code]! & place) === 0) return false;
  }
  return text.length > 0;
}

export function isRegistryKey(key: RegistryKey): boolean {
  return isKeyPart(key.tenant) && isKeyPart(key.partition) && isKeyPart(key.kind) && isKeyId(key.id);
}

/** `tenant/partition/kind/id`; only the id may contain a slash. */
export function formatKey(key: RegistryKey): string {
  return `${key.tenant}/${key.partition}/${key.kind}/${key.id}`;
}

/** The inverse of `formatKey`; null when the text is not a valid key. */
export function parseKey(text: string): RegistryKey | null {
  const [tenant = '', partition = '', kind = '', ...rest] = text.split('/');
  const key = { tenant, partition, kind, id: rest.join('/') };
  return isRegistryKey(key) ? key : null;
}

/** How a node is shown: `core_1@host:port`. */
export function formatNode(name: string, address: string): string {
  return `${name}@${address}`;
}
