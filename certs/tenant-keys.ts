/**
 * The intermediates of tenants in the authority's folder: `tenants/ID.pem` signs, `tenants/retired/ID-MS.pem` signed until
 * then and is kept to sign revocations. A pair takes the place of another in two steps, of which a crash leaves a mark that
 * the next reader finishes by. Whoever calls holds the authority's lock.
 */
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readKeyed, writeKeyed } from './authority-files.ts';
import type { Certificate } from './certificate.ts';
import { makeFolder } from './durable-files.ts';
import type { KeyedCertificate } from './keyed-certificate.ts';
import { limits } from './limits.ts';

export interface KeptPair {
  /** Below the authority's folder, without its end. */
  readonly name: string;
  readonly keyed: KeyedCertificate;
  readonly certificate: Certificate;
}

const retiredName = /^([a-z][a-z2-7]{11})-(\d{1,16})\.pem$/;
const signingName = /^([a-z][a-z2-7]{11})\.pem$/;

/** Where the intermediates of tenants are, each called by the tenant's id. */
export function tenantAuthorities(folder: string): string {
  return join(folder, 'tenants');
}

/** What signs for the tenant; null: nothing was made yet. @throws CertsError as `readKeyed` */
export async function readTenantPair(folder: string, tenantId: string): Promise<KeptPair | null> {
  const place = tenantAuthorities(folder);
  await finishPlacing(place, tenantId);
  if ((await stat(join(place, `${tenantId}.pem`)).catch(() => null)) === null) return null;
  return { name: `tenants/${tenantId}`, ...(await readKeyed(place, tenantId)) };
}

/** Has `made` sign for the tenant from now on. */
export async function placeTenantPair(
  folder: string,
  tenantId: string,
  made: KeyedCertificate,
): Promise<void> {
  const place = tenantAuthorities(folder);
  await makeFolder(place);
  // The certificate is written last: while it lies there the pair is whole, and finished by whoever comes next.
  await writeKeyed(place, next(tenantId), made);
  await finishPlacing(place, tenantId);
}

/** Keeps what signs now among the retired; once, however often it is begun. */
export async function keepRetired(folder: string, pair: KeptPair, tenantId: string, nowMs: number) {
  const kept = await retiredPairs(folder, tenantId);
  if (kept.some(({ certificate }) => certificate.serial === pair.certificate.serial)) return;
  const place = retiredPlace(folder);
  await makeFolder(place);
  await writeKeyed(place, `${tenantId}-${Math.floor(nowMs)}`, pair.keyed);
}

/** Of one tenant, or of all. */
export async function retiredPairs(folder: string, tenantId: string | null): Promise<KeptPair[]> {
  const place = retiredPlace(folder);
  const pairs: KeptPair[] = [];
  for (const file of await filesIn(place)) {
    const name = retiredName.exec(file);
    if (name === null || (tenantId !== null && name[1] !== tenantId)) continue;
    const base = baseOf(file);
    pairs.push({ name: `tenants/retired/${base}`, ...(await readKeyed(place, base)) });
  }
  return pairs;
}

/** What signs for tenants now. */
export async function tenantPairs(folder: string): Promise<KeptPair[]> {
  const place = tenantAuthorities(folder);
  for (const file of await filesIn(place)) {
    const waiting = nextName.exec(file)?.[1];
    if (waiting !== undefined) await finishPlacing(place, waiting);
  }
  const pairs: KeptPair[] = [];
  for (const file of await filesIn(place)) {
    const tenantId = signingName.exec(file)?.[1];
    const pair = tenantId === undefined ? null : await readTenantPair(folder, tenantId);
    if (pair !== null) pairs.push(pair);
  }
  return pairs;
}

/** The key and its certificate go, of the certificate with this serial. */
export async function forgetRetired(folder: string, tenantId: string, serial: string): Promise<void> {
  const pairs = await retiredPairs(folder, tenantId);
  const over = new Set(pairs.filter(({ certificate }) => certificate.serial === serial).map(fileOf));
  await removePairs(retiredPlace(folder), (base) => over.has(base));
}

/** Of all tenants, those below which no leaf can be left, whoever should have retired them. */
export async function forgetOldRetired(folder: string, nowMs: number): Promise<void> {
  const isOver = (base: string) => nowMs - Number(base.split('-')[1]) > limits.leafLifetimeMsMax;
  await removePairs(retiredPlace(folder), isOver);
}

const fileOf = ({ name }: KeptPair) => basename(name);

/** A crash may leave a key without its certificate, of which no reader knows: whoever removes next removes it. */
async function removePairs(place: string, isOver: (base: string) => boolean): Promise<void> {
  const files = await filesIn(place);
  for (const file of files)
    if (retiredName.test(file) && isOver(baseOf(file))) await rm(join(place, file), { force: true });
  const left = new Set(await filesIn(place));
  for (const file of files)
    if (file.endsWith('-key.pem') && !left.has(file.replace(/-key\.pem$/, '.pem')))
      await rm(join(place, file), { force: true });
}

const baseOf = (file: string) => file.slice(0, -'.pem'.length);
const next = (tenantId: string) => `${tenantId}-next`;
const nextName = /^([a-z][a-z2-7]{11})-next\.pem$/;

async function finishPlacing(place: string, tenantId: string): Promise<void> {
  const isThere = async (name: string) => (await stat(join(place, name)).catch(() => null)) !== null;
  const from = next(tenantId);
  if (!(await isThere(`${from}.pem`))) return;
  if (await isThere(`${from}-key.pem`))
    await rename(join(place, `${from}-key.pem`), join(place, `${tenantId}-key.pem`));
  await rename(join(place, `${from}.pem`), join(place, `${tenantId}.pem`));
  const opened = await open(place, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

function retiredPlace(folder: string): string {
  return join(tenantAuthorities(folder), 'retired');
}

async function filesIn(place: string): Promise<string[]> {
  try {
    return (await readdir(place)).sort();
  } catch {
    return [];
  }
}
