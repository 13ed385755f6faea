/**
 * Distinguished names (RFC 5280 4.1.2.4), as a flat list of attributes with the position of each in its set. Compared
 * by their octets: our authorities write a name one way only, and a name that merely looks alike is another name.
 */
import { type DerValue, derTags, expectUniversal, NotDer, readObjectIdentifier } from './der.ts';
import { limits } from './limits.ts';

export const nameOids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
} as const;

export interface NameAttribute {
  readonly oid: string;
  /** Universal tag of the value's string type. */
  readonly tag: number;
  /** The octets of the value as Latin-1 for comparing, or as UTF-8 for a UTF8String. */
  readonly text: string;
  /** True when it shares its set with another attribute. */
  readonly shared: boolean;
}

export interface DistinguishedName {
  readonly encoded: Uint8Array;
  readonly attributes: readonly NameAttribute[];
}

/** @throws NotDer */
export function readName(value: DerValue | undefined, what: string): DistinguishedName {
  const sets = expectUniversal(value, derTags.sequence, what);
  const attributes: NameAttribute[] = [];
  for (const set of sets.children) {
    const { children } = expectUniversal(set, derTags.set, what);
    if (children.length === 0) throw new NotDer(`${what} has an empty set`);
    for (const child of children) attributes.push(readAttribute(child, what, children.length > 1));
    if (attributes.length > limits.nameAttributesMax) throw new NotDer(`${what} has too many attributes`);
  }
  return { encoded: sets.encoded, attributes };
}

function readAttribute(value: DerValue, what: string, shared: boolean): NameAttribute {
  const { children } = expectUniversal(value, derTags.sequence, what);
  if (children.length !== 2) throw new NotDer(`${what} has an attribute that is no pair`);
  const text = children[1]!;
  if (text.tagClass !== 'universal' || text.constructed)
    throw new NotDer(`${what} has an attribute that is no string`);
  return { oid: readObjectIdentifier(children[0], what), tag: text.tag, text: readText(text, what), shared };
}

function readText(value: DerValue, what: string): string {
  if (value.tag !== derTags.utf8String) return Buffer.from(value.content).toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value.content);
  } catch (error) {
    throw new NotDer(
      `${what} has a UTF8String that is not UTF-8 (${error instanceof Error ? error.name : 'error'})`,
    );
  }
}

/** The name for people, first attribute first: `O=picket.local, OU=nodes`. */
export function showName(name: DistinguishedName): string {
  const short: Record<string, string> = {
    [nameOids.commonName]: 'CN',
    [nameOids.organization]: 'O',
    [nameOids.organizationalUnit]: 'OU',
  };
  return name.attributes
    .map(({ oid, text }) => `${short[oid] ?? oid}=${JSON.stringify(text).slice(1, -1)}`)
    .join(', ');
}
