/**
 * Looks at the leases of a real cluster's database again and again, and says when an epoch falls or has two holders. Between
 * the histories with real processes and PostgreSQL; counts how often each lease changed hands.
 */
import pg from 'pg';
import { leaseLookMs } from './bounds.ts';

interface LeaseRow {
  tenant_id: string;
  node: string | null;
  boot: string | null;
  epoch: string;
}

export class LeaseWatch {
  readonly faults: string[] = [];
  /** The highest epoch seen, by tenant. */
  readonly epochs = new Map<string, number>();
  looks = 0;
  private readonly holders = new Map<string, string>();
  private readonly url: string;
  private client: pg.Client | null = null;
  private isOver = false;
  private readonly ended: Promise<void>;

  constructor(url: string) {
    this.url = url;
    this.ended = this.run();
  }

  async close(): Promise<void> {
    this.isOver = true;
    await this.ended;
    await this.client?.end().catch(() => {});
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      try {
        this.client ??= await connected(this.url);
        const { rows } = await this.client.query<LeaseRow>(
          'SELECT tenant_id, node, boot, epoch FROM platform.leases',
        );
        this.looks += 1;
        for (const row of rows) this.judge(row);
      } catch {
        // The database is stopped or killed by these histories: it is looked at again when it is back.
        this.client?.end().catch(() => {});
        this.client = null;
      }
      await new Promise((resolve) => setTimeout(resolve, leaseLookMs));
    }
  }

  private judge({ tenant_id: tenant, node, boot, epoch: text }: LeaseRow): void {
    const epoch = Number(text);
    const before = this.epochs.get(tenant) ?? 0;
    if (epoch < before) this.faults.push(`${tenant}: epoch ${epoch} after ${before}`);
    this.epochs.set(tenant, Math.max(before, epoch));
    if (node === null) return;
    const key = `${tenant} ${epoch}`;
    const holder = `${node} of boot ${boot}`;
    const known = this.holders.get(key);
    if (known !== undefined && known !== holder)
      this.faults.push(`${key}: held by ${known}, then by ${holder}`);
    this.holders.set(key, holder);
  }
}

export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 5_000 },
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}
