/**
 * Identifiers of one partition, each there once, with the evidence that holds it. There are some four of them to a device, so each is
 * small: what is the same for all of a kind stands with the kind. Knows nothing of what ties what.
 */
import type { Evidence } from './evidence.ts';
import { externalKinds, type IdentifierKind, singleValuedKinds } from './identifier-rules.ts';

/** Two holders of one identifier that cannot be one device. */
export type Witness = readonly [Evidence, Evidence];

/** All identifiers of one kind and scope. */
export class IdentifierFamily {
  readonly kind: IdentifierKind;
  readonly scope: string;
  /** Of those kinds of which two different values are two devices. */
  readonly kindKey: string;
  readonly isExternal: boolean;
  readonly isSingleValued: boolean;
  readonly values = new Map<string, Identifier>();
  /** Of the few that have one. */
  readonly witnesses = new Map<Identifier, Witness>();
  private readonly added = new Map<readonly string[], readonly string[]>();

  constructor(kind: IdentifierKind, scope: string) {
    this.kind = kind;
    this.scope = scope;
    this.isExternal = externalKinds.includes(kind);
    this.isSingleValued = singleValuedKinds.includes(kind);
    this.kindKey = kind === 'integration_id' ? `integration_id:${scope}` : kind;
  }

  /** Kinds with this one: the same list for the same ones in the same order, as all cores have some. */
  addTo(kinds: readonly string[]): readonly string[] {
    let more = this.added.get(kinds);
    if (more === undefined) {
      more = kinds.includes(this.kindKey) ? kinds : kinds.concat(this.kindKey);
      this.added.set(kinds, more);
    }
    return more;
  }
}

const nobody: readonly Evidence[] = [];
const shared = 1;
const banned = 2;
const refused = 4;
const witnessed = 8;
/** Above the flags stands the mark, in the same number: there are some four identifiers to a device. */
const markShift = 4;
const flagsMask = 15;

export class Identifier {
  readonly family: IdentifierFamily;
  readonly value: string;
  holders: readonly Evidence[] = nobody;
  private flags = 0;

  constructor(family: IdentifierFamily, value: string) {
    this.family = family;
    this.value = value;
  }

  get kind(): IdentifierKind {
    return this.family.kind;
  }

  get scope(): string {
    return this.family.scope;
  }

  /** As long as these cannot be one device, nothing has to be looked through. */
  get witness(): Witness | null {
    return (this.flags & witnessed) === 0 ? null : this.family.witnesses.get(this)!;
  }

  set witness(witness: Witness | null) {
    if (witness !== null) {
      this.flags |= witnessed;
      this.family.witnesses.set(this, witness);
    } else if ((this.flags & witnessed) !== 0) {
      this.flags &= ~witnessed;
      this.family.witnesses.delete(this);
    }
  }

  /** It ties what cannot be one device, or somebody banned it: it identifies nobody. */
  get isShared(): boolean {
    return (this.flags & shared) !== 0;
  }

  set isShared(is: boolean) {
    this.flags = is ? this.flags | shared : this.flags & ~shared;
  }

  /** Something that it would tie was refused (`refused-ties.ts`). */
  get isRefused(): boolean {
    return (this.flags & refused) !== 0;
  }

  set isRefused(is: boolean) {
    this.flags = is ? this.flags | refused : this.flags & ~refused;
  }

  /** With what it was marked last by who looks things through (`marks.ts`). */
  get mark(): number {
    return this.flags >> markShift;
  }

  set mark(mark: number) {
    this.flags = (mark << markShift) | (this.flags & flagsMask);
  }

  get isBanned(): boolean {
    return (this.flags & banned) !== 0;
  }

  set isBanned(is: boolean) {
    this.flags = is ? this.flags | banned : this.flags & ~banned;
  }

  /** Neither shared nor banned. */
  get isFree(): boolean {
    return (this.flags & (shared | banned)) === 0;
  }
}

export class IdentifierIndex {
  private readonly families = new Map<string, IdentifierFamily>();
  /** Of kinds without a scope, which nearly all are: found without making a key. */
  private readonly plain = new Map<IdentifierKind, IdentifierFamily>();

  at(kind: IdentifierKind, scope: string, value: string): Identifier {
    let family = this.family(kind, scope);
    if (family === undefined) {
      family = new IdentifierFamily(kind, scope);
      this.families.set(scope === '' ? kind : `${kind}:${scope}`, family);
      if (scope === '') this.plain.set(kind, family);
    }
    let found = family.values.get(value);
    if (found === undefined) {
      found = new Identifier(family, value);
      family.values.set(value, found);
    }
    return found;
  }

  find(kind: IdentifierKind, scope: string, value: string): Identifier | null {
    return this.family(kind, scope)?.values.get(value) ?? null;
  }

  *all(): Generator<Identifier> {
    for (const { values } of this.families.values()) yield* values.values();
  }

  private family(kind: IdentifierKind, scope: string): IdentifierFamily | undefined {
    return scope === '' ? this.plain.get(kind) : this.families.get(`${kind}:${scope}`);
  }
}

/** The text that an identifier has already, when it is one. */
export function spelledAs(mac: string, ...lists: (readonly Identifier[])[]): string {
  for (const list of lists) for (const { value } of list) if (value === mac) return value;
  return mac;
}
