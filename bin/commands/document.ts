/** `picket document`: the large results that agents sent: which there are, and what is in one. */
import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import type { DocumentAsked, DocumentListAsked, DocumentReadAsked } from '../document-procedures.ts';
import { type DocumentView, shownDocument } from '../document-views.ts';
import { CommandFailure, usage } from '../failure.ts';
import { documentsListedDefault, documentsListedMax } from '../limits.ts';
import { NewFile } from '../new-file.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  json?: boolean;
}

export function addDocumentCommands(program: Command, surroundings: Surroundings): void {
  const documents = program
    .command('document')
    .description('large results that agents sent (syncs, sweeps), as they were received');
  addList(documents, surroundings);
  addShow(documents, surroundings);
  addGet(documents, surroundings);
}

function addList(documents: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = documents
    .command('list')
    .description('the newest first; those that are still coming are open')
    .option('--limit <count>', `1 to ${documentsListedMax}`, String(documentsListedDefault));
  const example = 'Example:\n  picket document list --tenant acme --json\n';
  tenantCommand(command, surroundings, example).action(async (flags: Flags & { limit: string }) => {
    const asked: DocumentListAsked = { tenant: flags.tenant, limit: parseLimit(flags.limit) };
    const rows = await withOperator(flags, (session) => session.call<DocumentView[]>('document_list', asked));
    if (flags.json) output.json(rows);
    else output.line(show(rows));
  });
}

function addShow(documents: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = documents
    .command('show')
    .description('what is known of one, without its content')
    .argument('<id>', 'see picket document list');
  const example = 'Example:\n  picket document show doc_0123456789abcdef0123456789 --tenant acme\n';
  tenantCommand(command, surroundings, example).action(async (id: string, flags: Flags) => {
    const asked: DocumentAsked = { tenant: flags.tenant, id };
    const row = await withOperator(flags, (session) => session.call<DocumentView>('document_show', asked));
    if (flags.json) output.json(row);
    else output.line(table(['FIELD', 'VALUE'], Object.entries(shownDocument(row))));
  });
}

function addGet(documents: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = documents
    .command('get')
    .description('its content, byte by byte as it came: a JSON array')
    .argument('<id>', 'see picket document list')
    .option('--out <file>', 'where to; otherwise to stdout')
    .option('--force', 'write over the file when it is there');
  const example =
    'A file appears whole or not at all: its SHA-256 is compared. Of stdout believe what comes when the command ends with 0.\n\n' +
    'Examples:\n  picket document get doc_0123456789abcdef0123456789 --tenant acme --out sync.json\n' +
    "  picket document get doc_0123456789abcdef0123456789 --tenant acme | jq '.[].ip'\n";
  tenantCommand(command, surroundings, example).action(
    async (id: string, flags: Flags & { out?: string; force?: boolean }) => {
      const file = flags.out === undefined ? null : new NewFile(flags.out, flags.force === true);
      try {
        const row = await withOperator(flags, (session) =>
          read(session, { tenant: flags.tenant, id }, async (bytes) =>
            file === null ? await output.bytes(bytes) : file.write(bytes),
          ),
        );
        file?.finish();
        if (file !== null && flags.json) output.json(row);
        else if (file !== null) output.note(`${flags.out}: ${file.bytes} bytes, ${row.items} items`);
      } finally {
        file?.abandon();
      }
    },
  );
}

async function read(
  session: OperatorSession,
  asked: DocumentAsked,
  take: (bytes: Uint8Array) => Promise<void> | void,
): Promise<DocumentView> {
  const row = await session.call<DocumentView>('document_show', asked);
  const hash = createHash('sha256');
  let atByte = 0;
  for (;;) {
    const piece: DocumentReadAsked = { ...asked, sha256: row.sha256 ?? '', atByte };
    const bytes = await session.call<Uint8Array | null>('document_read', piece);
    if (bytes === null) break;
    hash.update(bytes);
    atByte += bytes.length;
    await take(bytes);
  }
  if (hash.digest('hex') === row.sha256) return row;
  throw new CommandFailure(
    'document_damaged',
    `document ${row.id} is not what its hash says: tell whoever runs the database`,
  );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= documentsListedMax) return limit;
  throw usage(`--limit is 1 to ${documentsListedMax}, not "${text}"`);
}

function show(rows: readonly DocumentView[]): string {
  return table(
    ['ID', 'KIND', 'SERVICE', 'AGENT', 'STATUS', 'BYTES', 'ITEMS', 'RECEIVED'],
    rows.map((row) => [
      ...[row.id, row.kind, row.service, row.agent, row.status],
      row.size ?? row.held_bytes,
      row.items ?? '',
      row.received_at ?? '',
    ]),
  );
}
