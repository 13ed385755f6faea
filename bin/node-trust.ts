/**
 * What a node shows and whom it trusts, read from files and read again when they change: its credential (ours, or what
 * SPIRE's agent writes), the peer policy, the revocation lists. A file that is damaged later changes nothing: the last
 * good one counts, and the log says so.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Credential,
  inspectPem,
  newestLists,
  noPolicy,
  type PeerPolicy,
  type RevocationList,
  readCredential,
  readPem,
  readPolicy,
  readRevocationFile,
  readSvid,
  readTextFile,
  revocationListPath,
  rootsOf,
  svidPaths,
  trustDomainOfRoots,
  verifyPeer,
} from '../certs/index.ts';
import { nodeOf } from '../cluster/index.ts';
import type { Clock, Log } from '../runtime/index.ts';
import type { DataFolder } from './data-folder.ts';
import { CommandFailure } from './failure.ts';
import { watchFiles } from './file-watch.ts';
import type { NodeFlags } from './node-options.ts';

export interface NodeTrust {
  readonly trustDomain: string;
  credential(): Credential;
  /** DER of the roots of our own authority; none for a node that only knows others. */
  roots(): readonly Uint8Array[];
  policy(): PeerPolicy;
  revocationLists(): readonly RevocationList[];
  /** Reads the credential now. Rejects with what is wrong with it, and the old one stays. */
  renew(): Promise<void>;
  /** From now on; each is called after what it is about was read again. */
  watch(on: { credential(): void; trust(): void }, log: Log): void;
}

/** Rejects with a CertsError or CommandFailure that says which file to mend. */
export async function openTrust(flags: NodeFlags, folder: DataFolder, clock: Clock): Promise<NodeTrust> {
  const folderOfOurs = flags.credentials ?? folder.credentials;
  const rootsPath = join(folderOfOurs, 'roots.pem');
  const readOwn = () =>
    flags.svid === undefined ? readCredential(folderOfOurs, flags.name) : readSvid(flags.svid);
  let credential = await readOwn();
  // A node with a foreign credential takes peers of our own authority when it is given our roots.
  const rootsPem = flags.svid !== undefined && existsSync(rootsPath) ? await readTextFile(rootsPath) : '';
  const roots = () => (flags.svid === undefined ? rootsOf(credential) : rootsOf({ ...credential, rootsPem }));
  const trustDomain = flags.trustDomain ?? trustDomainOfRoots(roots());
  if (trustDomain === null && flags.svid === undefined) {
    const what = `the roots in ${folderOfOurs} name no trust domain: give --trust-domain`;
    throw new CommandFailure('bad_credential', what);
  }
  const named = flags.policy ?? folder.at('policy.json');
  const policyPath = flags.policy !== undefined || existsSync(named) ? named : null;
  const listPath = flags.crl ?? revocationListPath(folder.authority);
  let read = policyPath === null ? null : await readPolicy(policyPath, trustDomain ?? '');
  let lists = flags.crl !== undefined || existsSync(listPath) ? await readRevocationFile(listPath) : [];
  const policy = () => read?.policy ?? noPolicy;
  const readPolicyAgain = async () => {
    read = await readPolicy(named, trustDomain ?? '');
  };
  const readListsAgain = async () => {
    lists = newestLists(lists, await readRevocationFile(listPath));
  };
  const trust: NodeTrust = {
    trustDomain: trustDomain ?? '',
    credential: () => credential,
    roots,
    policy,
    revocationLists: () => lists,
    async renew() {
      credential = await readOwn();
    },
    watch(on, log) {
      const again = (what: string, work: () => Promise<void>, done: () => void) =>
        void work()
          .then(() => {
            done();
            log('info', `${what} was read again`, {});
          })
          .catch((error: Error) =>
            log('error', `${what} cannot be read: the last one counts`, { error: error.message }),
          );
      const own =
        flags.svid === undefined
          ? [join(folderOfOurs, `${flags.name}.pem`), rootsPath]
          : Object.values(svidPaths(flags.svid));
      watchFiles(
        clock,
        () => own,
        () => again('the credential', trust.renew, on.credential),
      );
      watchFiles(
        clock,
        () => [listPath],
        () => again('the revocation list', readListsAgain, on.trust),
      );
      const policyFiles = () => (read === null ? [named] : read.files);
      watchFiles(clock, policyFiles, () => again('the policy', readPolicyAgain, on.trust));
    },
  };
  if (flags.svid !== undefined) requireOwnName(flags, trust, clock);
  return trust;
}

/**
 * What the others will call this node: what it calls itself, or, when its certificate is a tenant's, `TENANT.NAME`.
 * Whether they take the certificate is their verdict, on every link.
 */
export function ownIdentity(
  flags: NodeFlags,
  trust: Pick<NodeTrust, 'credential'>,
): { name: string; tenant: string | null } {
  const read = flags.svid === undefined ? inspectPem(trust.credential().chainPem) : null;
  const leaf = read?.ok === true ? read.certificates[0] : undefined;
  const identity = leaf !== undefined && 'identity' in leaf ? leaf.identity : null;
  if (identity?.kind !== 'tenant') return { name: flags.name, tenant: null };
  const node = nodeOf(identity);
  if (node !== null && identity.id === flags.name && node.role === flags.role)
    return { name: node.name, tenant: node.tenant };
  throw new CommandFailure(
    'bad_credential',
    `the certificate is of the ${identity.role} ${identity.id} of tenant ${identity.tenantId}, not of the ${flags.role} ${flags.name}`,
  );
}

/** Others will know this node by what the policy makes of its id; it must be what it calls itself. */
function requireOwnName(flags: NodeFlags, trust: NodeTrust, clock: Clock): void {
  const { credential, roots, trustDomain, policy, revocationLists } = trust;
  const chain = readPem(credential().chainPem, 'CERTIFICATE');
  const verdict = verifyPeer({
    chain: chain.ok ? chain.blocks : [],
    roots: roots(),
    trustDomain,
    nowMs: clock.wallMs(),
    policy: policy(),
    revocationLists: revocationLists(),
  });
  if (!verdict.ok) {
    const { code, detail } = verdict.error;
    throw new CommandFailure(code, `${flags.svid}: peers would refuse this certificate: ${code}: ${detail}`);
  }
  const { identity, spiffeId } = verdict;
  if (identity.kind === 'node' && identity.name === flags.name && identity.role === flags.role) return;
  const shown = identity.kind === 'node' ? `${identity.role} ${identity.name}` : identity.kind;
  throw new CommandFailure(
    'bad_credential',
    `the policy makes ${spiffeId} the node ${shown}, not the ${flags.role} ${flags.name}`,
  );
}
