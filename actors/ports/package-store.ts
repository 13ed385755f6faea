/**
 * Packages of tenants as rows. Implemented by `store/`; each change is one statement, made only from the state that it was
 * judged in, and noted with who. Rejects with a `StoreError` (`no_such_package`, `schema_behind`, the database away).
 */
import type { PackageEvent, PackageState } from './package-lifecycle.ts';

export const packageKinds = ['agent', 'poller', 'collector'] as const;
export type PackageKind = (typeof packageKinds)[number];

export interface NewPackage {
  id: string;
  kind: PackageKind;
  name: string;
  partition: string;
  /** Of the token's secret: SHA-256, hexadecimal. */
  secretHash: string;
  /** The key that the token is signed with, base64url. */
  tokenSigner: string;
  expiresAtMs: number;
}

export interface Delivered {
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  keyFingerprint: string;
  serial: string;
  chainPem: string;
}

export interface Package extends NewPackage {
  state: PackageState;
  stateAtMs: number;
  createdAtMs: number;
  deliveredAtMs: number | null;
  activatedAtMs: number | null;
  delivered: Delivered | null;
}

export type PackageMoved = { package: Package } | { refused: 'bad_transition'; detail: string };

export interface PackageStore {
  /** Rejects with `package_exists` when a living one has its kind and name. */
  create(tenantId: string, made: NewPackage, by: string): Promise<Package>;
  /** The newest first; without those that were deleted. */
  list(tenantId: string): Promise<Package[]>;
  /** By its id, or by the serial of what was delivered. Null: there is none. */
  find(tenantId: string, by: { id: string } | { serial: string }): Promise<Package | null>;
  /**
   * Gives the package to one key, in time; false when it was given, ended or ran out meanwhile. Of any number at once one
   * succeeds.
   */
  deliver(tenantId: string, id: string, delivered: Delivered): Promise<boolean>;
  change(
    tenantId: string,
    id: string,
    event: Exclude<PackageEvent, 'deliver' | 'expire'>,
    by: string,
    why: string | null,
  ): Promise<PackageMoved>;
  /** Ends those whose time is over, of all tenants; answers them. What is more than a turn's is due at the next. */
  expireDue(): Promise<{ tenantId: string; package: Package }[]>;
}
