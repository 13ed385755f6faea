/**
 * What an enrolment leaves in its folder, at the edge: `edge.pem` (key, leaf, intermediate) and `roots.pem` as credentials
 * are kept everywhere, `edge.json` beside them, and until there is a certificate the key alone, so that a repeated
 * enrolment asks for the same key. Knows no network.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readCredential, writeCredential } from '../credential-files.ts';
import {
  corrupt,
  makeFolder,
  publicFileMode,
  readSecret,
  readText,
  secretFileMode,
  writeDurably,
} from '../durable-files.ts';
import { CertsError } from '../errors.ts';
import type { Credential } from '../issue.ts';
import { newKeyPem } from './requested-leaf.ts';

export interface Enrolled {
  readonly identity: string;
  readonly tenantId: string;
  readonly packageId: string;
  readonly partition: string;
  /** Where it dials. */
  readonly gateways: readonly string[];
}

const name = 'edge';
const pendingName = 'pending-key.pem';
const remedy = 'enrol into an empty folder with a new token';

/** The key of an enrolment that has no certificate yet; made, mode 0600, when there is none. @throws CertsError */
export async function readPendingKey(folder: string): Promise<string> {
  const path = join(folder, pendingName);
  await makeFolder(folder);
  if (!existsSync(path)) await writeDurably(path, await newKeyPem(), secretFileMode);
  return await readSecret(path, remedy);
}

/** Null: nothing was enrolled into this folder. @throws CertsError when what is there is not whole */
export async function readEnrolled(
  folder: string,
): Promise<{ readonly enrolled: Enrolled; readonly credential: Credential } | null> {
  if (!existsSync(join(folder, `${name}.pem`))) return null;
  const credential = await readCredential(folder, name);
  const path = join(folder, `${name}.json`);
  try {
    return { enrolled: JSON.parse(await readText(path, remedy)) as Enrolled, credential };
  } catch (error) {
    if (error instanceof CertsError) throw error;
    throw corrupt(path, 'no JSON', remedy, error);
  }
}

/** The credential comes last and at once: as long as it is not there, nothing is enrolled. @throws CertsError */
export async function writeEnrolled(
  folder: string,
  enrolled: Enrolled,
  credential: Credential,
): Promise<void> {
  await writeDurably(join(folder, `${name}.json`), `${JSON.stringify(enrolled, null, 2)}\n`, publicFileMode);
  await writeCredential(folder, name, credential);
  await readCredential(folder, name);
  await rm(join(folder, pendingName), { force: true });
}
