/**
 * A tenant whose devices are reconciled for real: the embedded PostgreSQL, and in this process a cluster node with the tenant's reconciler
 * as a core has it. Takes device updates as its doors do, as messages or as a document. For the bench and the soak of the inventory.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  documentPartBytesMax,
  type ReconcilerProtocol,
  reconciler,
  type UpdateOutcome,
} from '../../actors/index.ts';
import { createAuthority, issueNode } from '../../certs/index.ts';
import type { ClusterNode } from '../../cluster/index.ts';
import { type Ref, systemClock } from '../../runtime/index.ts';
import { type EmbeddedServer, openStore, type Store, startEmbedded } from '../../store/index.ts';
import {
  storedAtOnce,
  storedBatchUpdates,
  storedDocumentBytesMax,
  storedLookMs,
  storedWaitMs,
} from '../limits.ts';
import { benchNode } from '../ours/bench-node.ts';
import type { DeviceUpdate } from './update.ts';

const clock = systemClock();
const trustDomain = 'bench.local';
const partition = 'default';

export interface StoredTenant {
  readonly store: Store;
  readonly tenantId: string;
  /** Process of the database, whose children do its work. */
  readonly databasePid: number;
  /** By as many senders at once as keep it busy, each with one message under way. The device of each when it was taken, in order. */
  send(updates: readonly DeviceUpdate[]): Promise<(string | null)[]>;
  /** As one document that is whole; milliseconds from when it was told of until it was in the inventory. */
  document(updates: readonly DeviceUpdate[]): Promise<number>;
  /** The next holder of the lease: all is read back from the store. Milliseconds. */
  takeOver(): Promise<number>;
  close(): Promise<void>;
}

export async function openStoredTenant(): Promise<StoredTenant> {
  const dataDir = mkdtempSync(join(tmpdir(), 'picket-stored-'));
  const server = await startEmbedded({ dataDir, logFile: join(dataDir, 'postgres.log'), clock });
  const store = openStore({ url: server.url, phaseOf: () => 0, clock });
  let node: ClusterNode | null = null;
  let tenant: Tenant | null = null;
  const close = async () => {
    tenant?.end();
    await node?.stop(0);
    await store.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await store.migrate();
    const made = await store.tenants.create('acme', 'A tenant');
    if ('refused' in made) throw new Error(made.detail);
    const credential = await issueNode(
      await createAuthority(trustDomain, clock),
      { role: 'core', name: 'core_1' },
      clock,
    );
    node = benchNode({ name: 'core_1', trustDomain, credential, seeds: [], told: ['error'] });
    await node.start();
    tenant = new Tenant(node, store, server, made.tenant.id);
    await tenant.takeOver();
    return Object.assign(tenant, { close });
  } catch (error) {
    await close();
    throw error;
  }
}

class Tenant implements Omit<StoredTenant, 'close'> {
  readonly store: Store;
  readonly tenantId: string;
  readonly databasePid: number;
  private readonly node: ClusterNode;
  private holder: Ref<ReconcilerProtocol> | null = null;
  private epoch = 0;
  private documents = 0;

  constructor(node: ClusterNode, store: Store, server: EmbeddedServer, tenantId: string) {
    this.node = node;
    this.store = store;
    this.databasePid = server.pid;
    this.tenantId = tenantId;
  }

  private get call() {
    return this.node.system.call(this.holder!, storedWaitMs);
  }

  end(): void {
    if (this.holder !== null) this.node.system.exit(this.holder, 'kill');
  }

  async takeOver(): Promise<number> {
    const { node, store } = this;
    const fromMs = clock.monotonicMs();
    this.end();
    this.epoch += 1;
    const needs = { cluster: node, inventory: store.inventory, documents: store.documents };
    const giveWay = () => new Promise<void>((resolve) => void setImmediate(resolve));
    this.holder = node.system.spawn(reconciler({ ...needs, giveWay }), this.tenantId, this.epoch);
    // Answered when all is there.
    await this.call.updates(partition, []);
    return clock.monotonicMs() - fromMs;
  }

  async send(updates: readonly DeviceUpdate[]): Promise<(string | null)[]> {
    const ids = new Array<string | null>(updates.length);
    let next = 0;
    const sender = async () => {
      for (let from = next; from < updates.length; from = next) {
        next = from + storedBatchUpdates;
        const outcomes = await this.call.updates(partition, updates.slice(from, next));
        for (const [at, outcome] of outcomes.entries()) ids[from + at] = idOf(outcome);
      }
    };
    await Promise.all(Array.from({ length: storedAtOnce }, sender));
    return ids;
  }

  async document(updates: readonly DeviceUpdate[]): Promise<number> {
    const { tenantId, epoch, store } = this;
    const place = { tenantId, epoch };
    await store.documents.claim(place);
    this.documents += 1;
    const asked = { id: `document-${this.documents}`, sender: 'bench', agent: 'bench', partition };
    const bounds = { openOfSenderMax: 1, openOfTenantMax: 1, heldBytesMax: storedDocumentBytesMax };
    const opened = whole(
      await store.documents.open(
        place,
        { ...asked, kind: 'sync', service: 'bench', totalBytes: null },
        bounds,
      ),
    );
    const { ordinal } = opened;
    const bytes = Buffer.from(JSON.stringify(updates));
    for (let atByte = 0; atByte < bytes.length; atByte += documentPartBytesMax) {
      const part = { ordinal, atByte, bytes: bytes.subarray(atByte, atByte + documentPartBytesMax) };
      whole(await store.documents.add(place, part, storedDocumentBytesMax));
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const items = updates.length;
    whole(await store.documents.finish(place, { ordinal, totalBytes: bytes.length, sha256, items }));
    const fromMs = clock.wallMs();
    this.node.system.cast(this.holder!).look();
    for (;;) {
      await new Promise<void>((resolve) => void clock.timer(storedLookMs, resolve));
      const told = await store.inventoryShelf.reconciled(tenantId, ordinal);
      if (told === null) continue;
      if (told.taken !== items) throw new Error(`${told.taken} of ${items} updates were taken`);
      return told.atMs - fromMs;
    }
  }
}

const idOf = (outcome: UpdateOutcome) => ('device_id' in outcome ? outcome.device_id : null);

function whole<T extends object>(answer: T): Exclude<T, { readonly refused: string }> {
  if ('refused' in answer) throw new Error(`the document is refused: ${answer.refused}`);
  return answer as Exclude<T, { readonly refused: string }>;
}
