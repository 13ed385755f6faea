/**
 * A small world of forged authorities for tests: our root with its intermediates for nodes, operators and two tenants,
 * and another authority that bears the same names. Leaves are good unless something of them is replaced.
 */

import type { KeyObject } from 'node:crypto';
import { derTrue, extension, integer, name, octets, time } from './der-writer.ts';
import {
  alternativeNames,
  constraints,
  dayMs,
  type Forged,
  forge,
  intermediateExtensions,
  keyIdentifier,
  keyUsage,
  leafExtensions,
  newEcKey,
  type Order,
  uri,
} from './forge.ts';

export const trustDomain = 'picket.local';
export const tenantA = 'abcdefghijkl';
export const tenantB = 'abcdefghijk2';
export const nodeId = `spiffe://${trustDomain}/node/core/core_1`;
export const tenantId = `spiffe://${trustDomain}/tenant/${tenantA}/agent/branch-7`;
export const operatorId = `spiffe://${trustDomain}/operator/admin`;

type Partly = Partial<Order>;

export interface World {
  readonly nowMs: number;
  readonly root: Forged;
  readonly nodes: Forged;
  readonly operators: Forged;
  readonly tenant: Forged;
  readonly otherTenant: Forged;
  /** An authority that is not ours and calls itself as ours does. */
  readonly strangerRoot: Forged;
  readonly strangerNodes: Forged;
  /** A leaf under `issuer`; extensions that are named replace the good ones. */
  leaf(issuer: Forged, spiffeId: string, changes?: Partly): Forged;
  /** An intermediate under `issuer`. */
  intermediate(issuer: Forged, subject: Buffer, changes?: Partly): Forged;
  rootOf(changes?: Partly): Forged;
  /** Anything to order; its key is remembered. */
  made(order: Order): Forged;
  /** The private key of a certificate that this world made. */
  keyOf(der: Uint8Array): KeyObject | undefined;
}

export const scopeName = (unit: string, common?: string): Buffer =>
  name([
    ['2.5.4.10', trustDomain],
    ['2.5.4.11', unit],
    ...(common === undefined ? [] : [['2.5.4.3', common] as const]),
  ]);

export function createWorld(nowMs: number): World {
  const keys = new Map<string, KeyObject>();
  const made = (order: Order): Forged => {
    const forged = forge(order, nowMs);
    keys.set(Buffer.from(forged.der).toString('base64'), forged.privateKey);
    return forged;
  };
  const rootOf = (changes: Partly = {}): Forged => {
    const privateKey = changes.privateKey ?? newEcKey();
    const subject = changes.subject ?? scopeName('root');
    const extensions = {
      constraints: constraints(true, derTrue, integer(1)),
      usage: keyUsage(0x06),
      names: alternativeNames(uri(`spiffe://${trustDomain}`)),
      subjectKey: extension('2.5.29.14', false, octets(keyIdentifier(privateKey))),
    };
    const order = {
      subject,
      privateKey,
      issuer: { subject, privateKey },
      notAfter: time(nowMs + 3_650 * dayMs),
      ...changes,
      extensions: { ...extensions, ...changes.extensions },
    };
    return made(order);
  };
  const intermediate = (issuer: Forged, subject: Buffer, changes: Partly = {}): Forged => {
    const privateKey = changes.privateKey ?? newEcKey();
    const extensions = intermediateExtensions(trustDomain, privateKey, issuer.privateKey);
    const order = { subject, privateKey, issuer, notAfter: time(nowMs + 365 * dayMs), ...changes };
    return made({ ...order, extensions: { ...extensions, ...changes.extensions } });
  };
  const leaf = (issuer: Forged, spiffeId: string, changes: Partly = {}): Forged => {
    const subject = name([
      ['2.5.4.10', trustDomain],
      ['2.5.4.3', 'leaf'],
    ]);
    const extensions = { ...leafExtensions(spiffeId), ...changes.extensions };
    return made({ subject, issuer, ...changes, extensions });
  };
  const root = rootOf();
  const strangerRoot = rootOf();
  return {
    nowMs,
    root,
    nodes: intermediate(root, scopeName('nodes')),
    operators: intermediate(root, scopeName('operators')),
    tenant: intermediate(root, scopeName('tenant', tenantA)),
    otherTenant: intermediate(root, scopeName('tenant', tenantB)),
    strangerRoot,
    strangerNodes: intermediate(strangerRoot, scopeName('nodes')),
    leaf,
    intermediate,
    rootOf,
    made,
    keyOf: (der) => keys.get(Buffer.from(der).toString('base64')),
  };
}
