/**
 * Who runs a command that asks no cluster, for what it writes into an audit: the operator of the certificate that the
 * command would show to one, else the account of this machine. Nobody is judged by it.
 */
import { userInfo } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { formatSpiffeId, inspectPem, readCredential } from '../certs/index.ts';
import { dataFolder } from './data-folder.ts';
import { operatorName } from './operator-session.ts';

export async function ownName({ data, as }: { data: string; as?: string }): Promise<string> {
  const path = as === undefined ? null : resolve(as);
  const folder = path === null ? dataFolder(data).credentials : dirname(path);
  const name = path === null ? operatorName : basename(path, '.pem');
  // A host that keeps keys alone has no certificate of an operator.
  const credential = await readCredential(folder, name).catch(() => null);
  const chain = credential === null ? null : inspectPem(credential.chainPem);
  const own = chain?.ok ? chain.certificates[0] : undefined;
  const identity = own !== undefined && 'identity' in own ? own.identity : null;
  return identity === null ? `account ${account()}` : formatSpiffeId(identity);
}

/** An account without a name in this machine's list has its number. */
function account(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
