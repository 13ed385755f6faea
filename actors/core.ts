/**
 * The tree of a core: the writer, the session, the tenants that are placed here, and the coordinator's lease. Between `bin/` (which wires the
 * store) and the actors.
 */
import {
  type ActorSystem,
  type ChildSpec,
  childOf,
  type Ref,
  type SupervisorProtocol,
  supervisor,
} from '../runtime/index.ts';
import { type AuthorityEndsNeeds, authorityEnds } from './authority-ends.ts';
import { backups } from './backups.ts';
import { chores } from './chores.ts';
import { type CoordinatorNeeds, coordinator } from './coordinator.ts';
import { documentDesk } from './document-desk.ts';
import { documentEnds } from './document-ends.ts';
import { keyRotation } from './key-rotation.ts';
import {
  type ReconcilerProtocol,
  reconcilerKey,
  type TenantProtocol,
  type WriterProtocol,
} from './messages.ts';
import { type PackageEndsNeeds, packageEnds } from './package-ends.ts';
import type { ArchiveStore } from './ports/archive-store.ts';
import type { BackupRunner } from './ports/backup-runner.ts';
import type { DocumentShelf, DocumentStore } from './ports/document-store.ts';
import type { KeyRotation } from './ports/key-rotation.ts';
import type { TelemetryStore } from './ports/telemetry-store.ts';
import type { TenantLives } from './ports/tenant-lives.ts';
import { session } from './session.ts';
import { type TenantsNeeds, type TenantsProtocol, tenants } from './tenants.ts';
import { upkeep } from './upkeep.ts';
import { writer } from './writer.ts';

export interface CoreTree {
  ref: Ref<SupervisorProtocol>;
  writer(): Ref<WriterProtocol> | null;
  tenants(): Ref<TenantsProtocol> | null;
}

export type CoreNeeds = Omit<TenantsNeeds, 'writer' | 'usable'> &
  CoordinatorNeeds & {
    /** Null: nobody finishes or purges tenants here. */
    lives: TenantLives | null;
    /** Null: nobody rolls results up or drops old ones here. */
    telemetry: TelemetryStore | null;
    /** Absent: nobody removes what was archived long ago here. */
    archive?: ArchiveStore;
    /** Absent: there are no daily backups here. */
    backups?: BackupRunner;
    /** Absent: nothing is sealed anew here. */
    rotation?: KeyRotation;
    /** Absent: documents are taken by nobody here. */
    documents?: DocumentStore & DocumentShelf;
    packages?: PackageEndsNeeds['packages'];
    /** Absent: nobody ends packages here. */
    packageEnded?: PackageEndsNeeds['ended'];
    /** Absent: nobody retires authorities of tenants here. */
    retireAuthorities?: AuthorityEndsNeeds['retire'];
  };

export function startCore(system: ActorSystem, needs: CoreNeeds): CoreTree {
  const { cluster, leases, results } = needs;
  const writerRef = () => system.whereis<WriterProtocol>('writer');
  const tenantsRef = () => system.whereis<TenantsProtocol>('tenants');
  const { node, boot } = cluster;
  const tenantOf = (tenantId: string) => system.whereis<TenantProtocol>(`tenant:${tenantId}`);
  const received = (tenantId: string) => {
    const ref = cluster.names.lookup<ReconcilerProtocol>(reconcilerKey(tenantId));
    if (ref !== null) system.cast(ref).look();
  };
  let usable = false;
  const ref = system.spawn(
    // Stopped in reverse: first what this core coordinates, the tenants (which give their last rows), then the session, then the writer.
    supervisor({ name: 'core', strategy: 'rest_for_one', restartsMax: 10, withinMs: 30_000 }, [
      {
        id: 'writer',
        start: childOf(writer({ cluster, store: results, node, boot, tenantOf })),
      },
      {
        id: 'session',
        start: childOf(
          session({
            leases,
            node,
            boot,
            onChange(now) {
              usable = now;
              const keeper = tenantsRef();
              if (keeper !== null) system.cast(keeper).refresh();
            },
            onLapse() {
              const keeper = tenantsRef();
              if (keeper !== null) system.cast(keeper).lapsed();
            },
          }),
        ),
      },
      {
        id: 'tenants',
        shutdownMs: 15_000,
        start: childOf(tenants({ ...needs, writer: writerRef, usable: () => usable })),
      },
      { id: 'coordinator', start: childOf(coordinator(needs)) },
      ...besides(needs, { tenantsRef, tenantOf, received }),
    ]),
  );
  return { ref, writer: writerRef, tenants: tenantsRef };
}

interface Whereabouts {
  tenantsRef(): Ref<TenantsProtocol> | null;
  tenantOf(tenantId: string): Ref<TenantProtocol> | null;
  received(tenantId: string): void;
}

/** What a core does when it was given what that takes. */
function besides(needs: CoreNeeds, { tenantsRef, tenantOf, received }: Whereabouts): ChildSpec[] {
  const { cluster, lives, telemetry, archive = null, backups: runner, rotation, documents } = needs;
  const { packages, packageEnded: ended, retireAuthorities: retire } = needs;
  const children: ChildSpec[] = [];
  const add = (id: string, start: ChildSpec['start']) => void children.push({ id, start });
  if (lives !== null) add('chores', childOf(chores({ cluster, lives, keeper: tenantsRef })));
  if (telemetry !== null) add('upkeep', childOf(upkeep({ cluster, telemetry, archive })));
  if (runner !== undefined) add('backups', childOf(backups({ cluster, backups: runner })));
  if (rotation !== undefined) add('key_rotation', childOf(keyRotation({ cluster, rotation })));
  if (documents !== undefined) {
    add('document_desk', childOf(documentDesk({ cluster, documents, tenantOf, received })));
    add('document_ends', childOf(documentEnds({ cluster, documents })));
  }
  if (packages !== undefined && ended !== undefined)
    add('package_ends', childOf(packageEnds({ cluster, packages, ended })));
  if (retire !== undefined) add('authority_ends', childOf(authorityEnds({ cluster, retire })));
  return children;
}
