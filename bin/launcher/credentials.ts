/**
 * The certificates of a one-machine cluster: the authority is made once; every node and the operator get a credential
 * at each start and again at half of its life.
 */
import { existsSync } from 'node:fs';
import {
  type Authority,
  CertsError,
  createAuthority,
  issueNode,
  issueOperator,
  readAuthority,
  renewAuthority,
  type WallClock,
  writeAuthority,
  writeCredential,
  writeIntermediates,
} from '../../certs/index.ts';
import type { DataFolder } from '../data-folder.ts';
import { CommandFailure } from '../failure.ts';
import { credentialLifeMs } from '../limits.ts';
import { operatorName } from '../operator-session.ts';
import type { PlannedNode } from './plan.ts';

export const trustDomain = 'picket.local';

export async function openAuthority(folder: DataFolder, clock: WallClock): Promise<Authority> {
  try {
    const read = await readAuthority(folder.authority);
    const { authority, changed } = await renewAuthority(read, clock);
    if (changed.length > 0) await writeIntermediates(folder.authority, authority, changed);
    return authority;
  } catch (error) {
    if (!(error instanceof CertsError)) throw error;
    if (error.code !== 'missing_file' || existsSync(folder.authority)) {
      throw new CommandFailure(error.code, error.message);
    }
  }
  const authority = await createAuthority(trustDomain, clock);
  await writeAuthority(folder.authority, authority);
  return authority;
}

export async function issueAll(
  authority: Authority,
  nodes: readonly PlannedNode[],
  folder: DataFolder,
  clock: WallClock,
): Promise<void> {
  for (const { name, role } of nodes) {
    const credential = await issueNode(authority, { role, name, lifetimeMs: credentialLifeMs }, clock);
    await writeCredential(folder.credentials, name, credential);
  }
  const operator = { name: operatorName, rights: ['read', 'write'], lifetimeMs: credentialLifeMs };
  await writeCredential(folder.credentials, operatorName, await issueOperator(authority, operator, clock));
}
