/**
 * What could be known of a truth: which sightings of one true device are tied to each other at all by what they carry.
 * Recall is judged against this, for nobody can join two sightings that have nothing in common.
 */
import { evidenceOf } from './evidence.ts';
import { newUnion } from './union.ts';
import type { Sighting } from './update.ts';

/** All arrays have one entry for each sighting, in its place. */
export interface Ground {
  /** The true device. */
  readonly device: Int32Array;
  /**
   * Whether it carries anything that tells a device: an identifier (junk and virtual routers aside) that in this truth no
   * other device of its tenant and partition has. What carries only an address or what others have too is not: where it belongs is a guess.
   */
  readonly isTold: readonly boolean[];
  /** The same number: sightings of one device, connected by identifiers of which a device has one each, shared ones too. */
  readonly bySingle: Int32Array;
  /** The same, by those and by globally unique MACs that no other device has. */
  readonly bySingleOrMac: Int32Array;
}

export function groundOf(sightings: readonly Sighting[]): Ground {
  const evidence = sightings.map(({ update }) => evidenceOf(update));
  const owners = new Map<string, number>();
  for (const [at, { single, macs, localMacs }] of evidence.entries()) {
    const { tenant, device } = sightings[at]!;
    for (const key of [...single, ...macs, ...localMacs]) note(owners, `${tenant}|${key}`, device);
  }
  const bySingle = newUnion(sightings.length);
  const bySingleOrMac = newUnion(sightings.length);
  const firstWith = new Map<string, number>();
  const isTold: boolean[] = [];
  for (const [at, { single, macs, localMacs }] of evidence.entries()) {
    const { tenant, device } = sightings[at]!;
    const isOwn = (key: string) => owners.get(`${tenant}|${key}`) === device;
    isTold.push([...single, ...macs, ...localMacs].some(isOwn));
    const tie = (key: string, unions: readonly { join(left: number, right: number): void }[]) => {
      const own = `${device}|${key}`;
      const first = firstWith.get(own);
      if (first === undefined) firstWith.set(own, at);
      else for (const union of unions) union.join(first, at);
    };
    for (const key of single) tie(key, [bySingle, bySingleOrMac]);
    for (const key of macs) if (isOwn(key)) tie(key, [bySingleOrMac]);
  }
  return {
    device: Int32Array.from(sightings, ({ device }) => device),
    isTold,
    bySingle: Int32Array.from(sightings, (_, at) => bySingle.find(at)),
    bySingleOrMac: Int32Array.from(sightings, (_, at) => bySingleOrMac.find(at)),
  };
}

/** The one device that has it, or -1 when several have. */
function note(owners: Map<string, number>, key: string, device: number): void {
  const owner = owners.get(key);
  if (owner === undefined) owners.set(key, device);
  else if (owner !== device) owners.set(key, -1);
}
