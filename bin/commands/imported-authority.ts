/**
 * `picket package authority import`, `list`, `revoke`: authorities of an older installation, each good for one tenant. The command above
 * them has a tenant and a folder of its own and takes these flags for its own wherever they stand, so they are read with its.
 */
import type { Command } from 'commander';
import { usage } from '../failure.ts';
import { readNamedFile } from '../named-file.ts';
import { type Target, withOperator } from '../operator-session.ts';
import type { ImportAsked } from '../source-procedures.ts';
import type { ImportedView } from '../source-views.ts';
import { table } from '../table.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  json?: boolean;
}

interface ImportFlags extends Flags {
  ca: string;
  trustDomain?: string;
  clientCert?: string;
  clientKey?: string;
}

export function addImportCommands(authority: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = authority
    .command('import')
    .description("take the authority of an older installation for this tenant's agents and pollers alone")
    .requiredOption('--ca <file>', 'its certificate, or several, PEM')
    .option('--trust-domain <domain>', 'as its ids have it (default: what its certificate names)')
    .option('--client-cert <file>', 'what pollers present to agents that only listen: PEM, signed by it')
    .option('--client-key <file>', 'its key, PEM without a passphrase; kept sealed');
  const example = `Its certificates are spiffe://DOMAIN/TYPE/SLUG/PARTITION/ID with the common name ID.PARTITION.SLUG.serviceradar;
SLUG must be that of the tenant. Everything else that certificates are judged by holds for them too.

Example:
  picket package authority import --tenant acme --ca older-ca.pem --trust-domain radar.example.org --client-cert poller.pem --client-key poller-key.pem
`;
  tenantCommand(command, surroundings, example).action(async (_own: object, called: Command) => {
    const flags = called.optsWithGlobals<ImportFlags>();
    const { tenant, ca, trustDomain = null, clientCert, clientKey } = flags;
    if ((clientCert === undefined) !== (clientKey === undefined))
      throw usage('--client-cert and --client-key go together');
    const asked: ImportAsked = {
      ...{ tenant, certificates: readNamedFile(ca), trustDomain },
      clientCertificate: clientCert === undefined ? null : readNamedFile(clientCert),
      clientKey: clientKey === undefined ? null : readNamedFile(clientKey),
    };
    const row = await withOperator(flags, (session) => session.call<ImportedView>('authority_import', asked));
    if (flags.json) output.json(row);
    else output.line(show([row]));
  });
  addList(authority, surroundings);
  addRevoke(authority, surroundings);
}

function addList(authority: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = authority.command('list').description('those that were imported, the newest first');
  tenantCommand(command, surroundings, 'Example:\n  picket package authority list --tenant acme\n').action(
    async (_own: object, called: Command) => {
      const flags = called.optsWithGlobals<Flags>();
      const { tenant } = flags;
      const rows = await withOperator(flags, (session) =>
        session.call<ImportedView[]>('authority_list', { tenant }),
      );
      if (flags.json) output.json(rows);
      else output.line(show(rows));
    },
  );
}

function addRevoke(authority: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = authority
    .command('revoke')
    .description('trust it no more: who came by it is put out within 5 s')
    .argument('<id>', 'see picket package authority list')
    .option('--why <text>', 'for the history');
  const example = 'Example:\n  picket package authority revoke ca_abcdefghijklmnop --tenant acme\n';
  tenantCommand(command, surroundings, example).action(async (id: string, _own: object, called: Command) => {
    const flags = called.optsWithGlobals<Flags & { why?: string }>();
    const { tenant, why = null } = flags;
    const row = await withOperator(flags, (session) =>
      session.call<ImportedView>('authority_revoke', { tenant, id, why }),
    );
    if (flags.json) output.json(row);
    else {
      output.line(show([row]));
      output.note('import its file again to trust it again');
    }
  });
}

function show(rows: readonly ImportedView[]): string {
  return table(
    ['ID', 'SLUG', 'TRUST DOMAIN', 'CLIENT', 'IMPORTED', 'REVOKED', 'FINGERPRINT'],
    rows.map((row) => [
      row.id,
      row.slug,
      row.trust_domain,
      row.client_certificate,
      row.created_at,
      row.revoked_at ?? '',
      row.fingerprint.slice(0, 16),
    ]),
  );
}
