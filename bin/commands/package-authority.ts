/**
 * `picket package authority`: who signs for a tenant, another key for it, and the signing where the root key lies, for clusters
 * whose cores do not hold it.
 */
import type { Command } from 'commander';
import { openTenantAuthority, readAuthority, rotateTenantAuthority } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { withAuthorityLock } from '../authority-lock.ts';
import type { AuthorityBrought, AuthorityView, RotationAsked } from '../authority-procedures.ts';
import { parseDuration } from '../durations.ts';
import { CommandFailure, codeOf, usage } from '../failure.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { addImportCommands } from './imported-authority.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  authority?: string;
  rotate?: boolean;
  overlap?: string;
  json?: boolean;
}

const example = `Without a flag it shows which certificates sign, or signed. --rotate: what was replaced keeps what it signed good for the
overlap (default: 24 h, the life of a certificate, and some minutes), then its certificate is revoked and its key destroyed;
connected agents stay. --overlap 0s, after a theft, has all agents enrol again.
For clusters whose cores do not hold the root key, run it with --authority where that lies; needed twice in a year.

Examples:
  picket package authority --tenant acme
  picket package authority --tenant acme --rotate
  picket --at core.example.org:7400 --as ./ann.pem package authority --tenant acme --authority /root/picket/authority
`;

export function addAuthorityCommand(packages: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = packages
    .command('authority')
    .description('what signs for a tenant: show it, give it another key, or sign it where the root key lies')
    .option('--rotate', 'have another key sign from now on')
    .option('--overlap <duration>', 'how long what is replaced stays good, 0s to 31d')
    .option('--authority <dir>', 'sign here: the folder that picket certs init made');
  addImportCommands(command, surroundings);
  tenantCommand(command, surroundings, example).action(async (flags: Flags) => {
    if (flags.overlap !== undefined && flags.rotate !== true) throw usage('--overlap goes with --rotate');
    const overlapMs = flags.overlap === undefined ? null : parseDuration(flags.overlap, '--overlap');
    const view = await withOperator(flags, async (session) => {
      const { tenant, authority: folder } = flags;
      const asked: RotationAsked = { tenant, overlapMs };
      if (folder !== undefined) return await bring(session, flags, folder, asked);
      return await session.call<AuthorityView>(
        flags.rotate ? 'package_authority_rotate' : 'package_authority_show',
        asked,
      );
    });
    if (flags.json) output.json(view);
    else output.line(show(view));
  });
}

/** Signs in the folder, and gives the pair to the cluster. What a crash interrupted goes on where it was. */
async function bring(
  session: OperatorSession,
  { rotate }: Flags,
  folder: string,
  asked: RotationAsked,
): Promise<AuthorityView> {
  const clock = systemClock();
  const before = await session.call<AuthorityView>('package_authority_show', asked);
  const made = await withAuthorityLock(folder, clock, async () => {
    const authority = await readAuthority(folder);
    const signing = before.signing?.certificate ?? null;
    return rotate
      ? await rotateTenantAuthority(folder, authority, before.tenant_id, clock, signing)
      : await openTenantAuthority(folder, authority, before.tenant_id, clock);
  }).catch((error: Error) => {
    throw new CommandFailure(codeOf(error) ?? 'failed', error.message);
  });
  const { certificatePem: certificate, privateKeyPem: key } = made;
  const brought: AuthorityBrought = { ...asked, tenant: before.tenant_id, certificate, key };
  return await session.call<AuthorityView>('package_authority', brought);
}

function show({ tenant, signing, former }: AuthorityView): string {
  if (signing === null) return `nobody signs for tenant ${tenant} yet: its first package makes it`;
  const rows = former.map(({ serial, retire_at, retired_at }) => [
    serial,
    retired_at === null ? `good until ${retire_at}` : `retired ${retired_at}`,
  ]);
  return table(['SERIAL', 'STATE'], [[signing.serial, `signs, until ${signing.not_after}`], ...rows]);
}
