/**
 * Authorities beside ours, forged: a SPIRE server with chains of the shapes that its agent writes (directly under its
 * own root, or under an upstream one), and an older installation's authority of one tenant. For tests only.
 */
import { readCertificate } from '../certificate.ts';
import type { PeerPolicy } from '../policy.ts';
import { derTrue, extension, integer, name, octets, sequence, time, tlv } from './der-writer.ts';
import {
  alternativeNames,
  constraints,
  dayMs,
  type Forged,
  keyIdentifier,
  keyUsage,
  leafExtensions,
  newEcKey,
  type Order,
  uri,
} from './forge.ts';
import { tenantA, type World } from './world.ts';

export const spireDomain = 'example.org';
export const spirePoller = `spiffe://${spireDomain}/picket/poller/poller_9`;
export const spireCore = `spiffe://${spireDomain}/ns/prod/sa/core`;
export const olderDomain = 'serviceradar.local';
export const olderId = `spiffe://${olderDomain}/agent/acme/east/edge-7`;
export const olderCommonName = 'edge-7.east.acme.serviceradar';

const printable = 0x13;
const spireName = name([
  ['2.5.4.6', 'US', printable],
  ['2.5.4.10', 'SPIFFE', printable],
]);

export interface ForeignWorld {
  readonly policy: PeerPolicy;
  /** SPIRE's own root, which signs leaves itself. */
  readonly root: Forged;
  /** An upstream root, an authority below it, and SPIRE's below that. */
  readonly upstream: Forged;
  readonly middle: Forged;
  readonly spire: Forged;
  readonly olderAuthority: Forged;
  readonly otherOlderAuthority: Forged;
  authority(issuer: Forged | null, subject: Buffer, changes?: Partial<Order>): Forged;
  /** A leaf as SPIRE writes it. */
  svid(issuer: Forged, id: string, changes?: Partial<Order>): Forged;
  older(issuer: Forged, id?: string, commonName?: string, changes?: Partial<Order>): Forged;
}

export function createForeignWorld(world: World): ForeignWorld {
  const { nowMs } = world;
  const authority = (issuer: Forged | null, subject: Buffer, changes: Partial<Order> = {}): Forged => {
    const privateKey = changes.privateKey ?? newEcKey();
    const signer = issuer ?? { subject, privateKey };
    const extensions = {
      usage: keyUsage(0x06),
      constraints: constraints(true, derTrue),
      subjectKey: extension('2.5.29.14', false, octets(keyIdentifier(privateKey))),
      authorityKey: extension('2.5.29.35', false, sequence(tlv(0x80, keyIdentifier(signer.privateKey)))),
      names: alternativeNames(uri(`spiffe://${spireDomain}`)),
      ...changes.extensions,
    };
    const own = { issuer: signer, subject, privateKey, notAfter: time(nowMs + 365 * dayMs) };
    return world.made({ ...own, ...changes, extensions });
  };
  const svid = (issuer: Forged, id: string, changes: Partial<Order> = {}): Forged => {
    const subject = name([
      ['2.5.4.6', 'US', printable],
      ['2.5.4.10', 'SPIRE', printable],
      ['2.5.4.45', '3f0b1c9d', printable],
    ]);
    const spire = {
      ...leafExtensions(id),
      usage: keyUsage(0xa8),
      authorityKey: extension('2.5.29.35', false, sequence(tlv(0x80, keyIdentifier(issuer.privateKey)))),
    };
    const order = { subject, issuer, notAfter: time(nowMs + dayMs / 24), ...changes };
    return world.made({ ...order, extensions: { ...spire, ...changes.extensions } });
  };
  const older = (issuer: Forged, id = olderId, commonName = olderCommonName, changes: Partial<Order> = {}) =>
    world.made({
      issuer,
      subject: name([['2.5.4.3', commonName]]),
      ...changes,
      extensions: { ...leafExtensions(id), ...changes.extensions },
    });
  const root = authority(null, spireName);
  const upstream = authority(null, name([['2.5.4.3', 'Upstream root']]), { extensions: { names: null } });
  const middle = authority(upstream, name([['2.5.4.3', 'Middle']]), {
    extensions: { names: null, constraints: constraints(true, derTrue, integer(1)) },
  });
  const spire = authority(middle, spireName);
  const older1 = authority(null, name([['2.5.4.3', 'acme tenant CA']]), { extensions: { names: null } });
  const older2 = authority(null, name([['2.5.4.3', 'other tenant CA']]), { extensions: { names: null } });
  const policy = policyOf([root, upstream], older1, older2);
  return {
    policy,
    root,
    upstream,
    middle,
    spire,
    olderAuthority: older1,
    otherOlderAuthority: older2,
    authority,
    svid,
    older,
  };
}

function policyOf(roots: readonly Forged[], older1: Forged, older2: Forged): PeerPolicy {
  const foreign = {
    trustDomain: spireDomain,
    roots: roots.map(certificateOf),
    nodes: [
      { prefix: `spiffe://${spireDomain}/picket/poller/`, role: 'poller' },
      { prefix: `spiffe://${spireDomain}/picket/`, role: 'agent' },
      { id: spireCore, role: 'core', name: 'core_7' },
    ],
  } as const;
  const acme = { tenantId: tenantA, slug: 'acme', trustDomain: olderDomain };
  const other = { tenantId: 'zyxwvutsrqpo', slug: 'acm', trustDomain: olderDomain };
  return {
    foreign: [foreign],
    older: [
      { ...acme, certificates: [certificateOf(older1)] },
      { ...other, certificates: [certificateOf(older2)] },
    ],
  };
}

export function certificateOf(forged: Forged) {
  const read = readCertificate(forged.der);
  if (!read.ok) throw new Error(read.detail);
  return read.certificate;
}
