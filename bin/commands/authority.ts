/**
 * `picket certs init|issue|revoke|rotate`: the authority of a data folder, and what it signs. Needs no running cluster;
 * one that runs in the folder sees the changed files by itself.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  type Authority,
  CertsError,
  createAuthority,
  isTenantId,
  readAuthority,
  retiredSerials,
  revoke,
  rotateAuthority,
  writeAuthority,
  writeCredential,
} from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { withAuthorityLock } from '../authority-lock.ts';
import { type BearerFlags, issueFor, judgeBearer } from '../bearer.ts';
import { confirm } from '../confirm.ts';
import { checkVersion, dataFolder, prepareFolder } from '../data-folder.ts';
import { parseDuration } from '../durations.ts';
import { CommandFailure, codeOf, usage } from '../failure.ts';
import { readNamedFile } from '../named-file.ts';
import { withOperator } from '../operator-session.ts';
import { fateOf, requireSameBearer, revokedSerials, summariesOf } from '../replaced-certificate.ts';
import type { TenantView } from '../views.ts';
import type { Surroundings } from './up.ts';

interface Flags {
  data: string;
  json?: boolean;
  yes?: boolean;
}

type IssueFlags = Flags & BearerFlags & { lifetime?: string; out?: string };

const trustDomainDefault = 'picket.local';

export function addAuthorityCommands(certs: Command, around: Surroundings): void {
  addInit(certs, around);
  addIssue(certs, around);
  addRevoke(certs, around);
  addRotate(certs, around);
}

function withData(command: Command, { environment }: Surroundings): Command {
  const data = new Option('--data <dir>', 'state of the cluster').default(
    environment.PICKET_DATA || './.picket',
  );
  return command.addOption(data).option('--json', 'print JSON');
}

function addInit(certs: Command, around: Surroundings): void {
  withData(certs.command('init'), around)
    .description('make a new authority: a root, and an intermediate each for nodes and operators')
    .option('--trust-domain <domain>', 'the name that all certificates bear', trustDomainDefault)
    .addHelpText(
      'after',
      '\nAn authority that is there is never written over.\n\nExample:\n  picket certs init --data /var/lib/picket --trust-domain noc.example.org\n',
    )
    .action(async (flags: Flags & { trustDomain: string }) => {
      const folder = dataFolder(flags.data);
      const clock = systemClock();
      prepareFolder(folder);
      const authority = await createAuthority(flags.trustDomain, clock);
      await writeAuthority(folder.authority, authority);
      const [root] = summariesOf(authority.root.certificatePem);
      const answer = {
        trust_domain: authority.trustDomain,
        authority: folder.authority,
        root: join(folder.authority, 'root.pem'),
        root_not_after: root?.not_after ?? null,
      };
      if (flags.json) around.output.json(answer);
      else {
        around.output.line(`authority of ${answer.trust_domain} in ${answer.authority}`);
        around.output.note('keep a copy of this folder where only you can read it: it cannot be made again');
      }
    });
}

function addIssue(certs: Command, around: Surroundings): void {
  withData(certs.command('issue'), around)
    .description('issue a certificate to a node, to a node of a tenant, or to an operator')
    .option('--node <name>', 'a node of this name (with --role)')
    .option('--role <role>', 'core, web, poller or agent; of a tenant: poller or agent')
    .option(
      '--tenant <tenant>',
      'the tenant whose node it is, or whose things alone the operator may see: id, or slug while the cluster runs',
    )
    .option('--operator <name>', 'an operator of this name')
    .option('--rights <list>', 'of the operator: read, write, eval, separated by commas', 'read,write')
    .option('--lifetime <duration>', 'at most 30d', '24h')
    .option(
      '--out <dir>',
      'where NAME.pem and roots.pem are written (default: credentials in the data folder)',
    )
    .addHelpText(
      'after',
      '\nA certificate of the same bearer is replaced, one of another never.\n\nExamples:\n  picket certs issue --node poller_9 --role poller --out ./poller_9\n  picket certs issue --tenant k7mzq2wn5xjd --node edge_1 --role poller --out ./edge_1\n  picket certs issue --operator ann --rights read --lifetime 8h --out ./ann\n  picket certs issue --operator bob --tenant acme --rights read --out ./bob\n',
    )
    .action(async (given: IssueFlags) => {
      const folder = dataFolder(given.data);
      checkVersion(folder);
      const flags = { ...given, ...(await tenantIdOf(given)) };
      const name = judgeBearer(flags);
      const lifetimeMs = parseDuration(flags.lifetime ?? '24h', '--lifetime');
      const authority = await openExisting(folder.authority);
      const credential = await issueFor(folder.authority, authority, flags, name, lifetimeMs);
      const out = flags.out === undefined ? folder.credentials : resolve(flags.out);
      const replaced = await requireSameBearer(out, name, credential);
      const path = await writeCredential(out, name, credential);
      const [leaf] = summariesOf(credential.chainPem);
      const answer = {
        identity: leaf?.identity ?? null,
        serial: leaf?.serial ?? null,
        not_after: leaf?.not_after ?? null,
        credential: path,
        roots: join(out, 'roots.pem'),
        replaced: replaced?.serial ?? null,
      };
      if (flags.json) around.output.json(answer);
      else around.output.line(`${path}: serial ${answer.serial}, until ${answer.not_after}`);
      if (replaced !== null && !flags.json)
        around.output.note(fateOf(replaced, folder.authority, authority, systemClock().wallMs()));
    });
}

function addRevoke(certs: Command, around: Surroundings): void {
  withData(certs.command('revoke'), around)
    .description('revoke a certificate for ever; its bearer loses its links within 5 s')
    .argument('<serial-or-file>', 'hexadecimal serial, or a PEM file whose first certificate it is')
    .option('--yes', 'do not ask (without a terminal nothing is asked either)')
    .addHelpText(
      'after',
      '\nNodes read authority/revoked.pem of their data folder (or --crl); copy it to nodes elsewhere.\nIt cannot be undone: issue another certificate instead.\n\nExamples:\n  picket certs revoke 4f3a...c1\n  picket certs revoke .picket/credentials/poller_2.pem --yes\n',
    )
    .action(async (what: string, flags: Flags) => {
      const folder = dataFolder(flags.data);
      checkVersion(folder);
      await openExisting(folder.authority);
      const target = existsSync(what) ? { pem: readNamedFile(what) } : { serial: what };
      if (!('pem' in target) && !/^[0-9a-fA-F:]+$/.test(what)) {
        throw usage(`"${what}" is neither a file nor a serial of hexadecimal digits`);
      }
      await confirm(`${shownTarget(what, target)} is revoked for ever.`, flags.yes);
      const clock = systemClock();
      const { serial, issuers, already } = await withAuthorityLock(folder.authority, clock, () =>
        revoke(folder.authority, target, clock),
      );
      if (flags.json) around.output.json({ serial, issuers, already });
      else around.output.line(`${serial} ${already ? 'was revoked before' : 'is revoked'}`);
    });
}

function addRotate(certs: Command, around: Surroundings): void {
  withData(certs.command('rotate'), around)
    .description('give the intermediates new keys; the root stays')
    .option('--distrust-old', 'revoke all intermediates that were replaced, now and before')
    .option('--yes', 'do not ask (without a terminal nothing is asked either)')
    .addHelpText(
      'after',
      '\nWhat was issued before stays good until it ends: the old intermediates remain trusted beside the new ones.\nWith --distrust-old everything below them is refused within 5 s (a cluster of picket up issues anew by itself).\nThe root is not replaced: docs/OPERATIONS.md tells how another one takes its place.\n\nExamples:\n  picket certs rotate\n  picket certs rotate --distrust-old --yes\n',
    )
    .action(async (flags: Flags & { distrustOld?: boolean }) => {
      const folder = dataFolder(flags.data);
      checkVersion(folder);
      await openExisting(folder.authority);
      if (flags.distrustOld) {
        await confirm('Every certificate that was issued before now is refused for ever.', flags.yes);
      }
      const clock = systemClock();
      const { rotated, distrusted, refused } = await withAuthorityLock(folder.authority, clock, async () => {
        const done = await rotateAuthority(folder.authority, clock);
        const serials = flags.distrustOld ? await retiredSerials(folder.authority) : [];
        for (const serial of serials) await revoke(folder.authority, { serial }, clock);
        return { rotated: done, distrusted: serials, refused: await revokedSerials(folder.authority) };
      });
      const retired = rotated.retired.map(({ name, serial, trustedUntilMs }) => ({
        name,
        serial,
        trusted_until: refused.has(serial) ? null : new Date(trustedUntilMs).toISOString(),
      }));
      const intermediates = (['nodes', 'operators'] as const).map((name) => {
        const [one] = summariesOf(rotated.authority[name].certificatePem);
        return { name, serial: one?.serial ?? null, not_after: one?.not_after ?? null };
      });
      if (flags.json) around.output.json({ intermediates, retired, distrusted });
      else {
        for (const { name, serial } of intermediates) around.output.line(`${name}: now ${serial}`);
        for (const { name, serial, trusted_until } of retired)
          around.output.line(
            `${name}: ${serial} ${trusted_until === null ? 'is revoked' : `is trusted until ${trusted_until}`}`,
          );
      }
    });
}

/** A slug is known to a cluster that runs; an id needs none. What stays a slug is refused with the flags. */
async function tenantIdOf(flags: IssueFlags): Promise<{ tenant?: string }> {
  const { tenant } = flags;
  if (tenant === undefined || isTenantId(tenant)) return {};
  try {
    const row = await withOperator(flags, ({ call }) => call<TenantView>('tenant_show', { tenant }));
    return { tenant: row.tenant_id };
  } catch (error) {
    if (codeOf(error) === 'no_such_tenant') throw error;
    return {};
  }
}

/** What is lost, in words: whose certificate it is, and that an authority takes with it what it signed. */
function shownTarget(what: string, target: { pem: string } | { serial: string }): string {
  const [first] = 'pem' in target ? summariesOf(target.pem) : [];
  if (first === undefined) return what;
  const all = first.ca ? ', with everything that it signed,' : '';
  return `${first.names.join() || first.subject} (serial ${first.serial})${all}`;
}

async function openExisting(folder: string): Promise<Authority> {
  if (!existsSync(folder)) {
    throw new CommandFailure(
      'missing_file',
      `there is no authority in ${folder}: make one with picket certs init`,
    );
  }
  try {
    return await readAuthority(folder);
  } catch (error) {
    throw error instanceof CertsError ? new CommandFailure(error.code, error.message) : error;
  }
}
