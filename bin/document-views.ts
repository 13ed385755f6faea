/** Documents as the command line prints them. */
import { documentKeptMs, type StoredDocument, type Tenant } from '../actors/index.ts';
import { instant } from './views.ts';

export interface DocumentView {
  id: string;
  tenant: string;
  tenant_id: string;
  kind: string;
  service: string;
  agent: string;
  partition: string;
  /** Whose certificate brought it: role and name. */
  sender: string;
  /** `open`: still coming, and not to be read. `whole`: complete, and its hash agrees. */
  status: string;
  /** Bytes; null: not known yet. */
  size: number | null;
  held_bytes: number;
  items: number | null;
  sha256: string | null;
  opened_at: string;
  received_at: string | null;
  /** When its updates were in the inventory of devices; null: they are not yet. */
  reconciled_at?: string | null;
  reconciled?: DocumentAccount | null;
  /** From then on it is removed at any moment. */
  kept_until: string | null;
}

/** What became of the device updates in it. */
export interface DocumentAccount {
  updates: number;
  taken: number;
  /** How many by what was wrong with them. */
  refused: Readonly<Record<string, number>>;
  /** The first that were refused, by their place in the document, from 0 on. */
  examples: readonly { readonly item: number; readonly error: string }[];
  /** Why none of it could be taken; null: it was. */
  failed: string | null;
}

export function documentView({ id: tenantId, slug }: Tenant, row: StoredDocument): DocumentView {
  const { receivedAtMs } = row;
  return {
    id: row.id,
    tenant: slug,
    tenant_id: tenantId,
    kind: row.kind,
    service: row.service,
    agent: row.agent,
    partition: row.partition,
    sender: row.sender,
    status: row.state,
    size: row.totalBytes,
    held_bytes: row.heldBytes,
    items: row.items,
    sha256: row.sha256,
    opened_at: instant(row.openedAtMs),
    received_at: receivedAtMs === null ? null : instant(receivedAtMs),
    kept_until: receivedAtMs === null ? null : instant(receivedAtMs + documentKeptMs),
  };
}

/** For the terminal: what became of its updates in words. */
export function shownDocument({
  reconciled,
  ...row
}: DocumentView): Record<string, string | number | null | undefined> {
  return { ...row, reconciled: reconciled == null ? null : accountText(reconciled) };
}

function accountText({ updates, taken, refused, examples, failed }: DocumentAccount): string {
  if (failed !== null) return `nothing was taken: ${failed}`;
  const whys = Object.entries(refused).map(([code, count]) => `${count} ${code}`);
  const first = examples[0];
  const where = first === undefined ? '' : ` (the first is item ${first.item})`;
  return `${taken} of ${updates} updates taken${whys.length === 0 ? '' : `; ${whys.join(', ')}${where}`}`;
}
