/** `picket source import`: a file of device updates as a document of the tenant. Bad lines are told by number, all others are taken. */

import { randomUUID } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { documentPartBytesMax } from '../../actors/index.ts';
import { systemClock } from '../../runtime/index.ts';
import {
  type BadLine,
  type ImportFormat,
  importFile,
  importFormats,
  UpdateArray,
} from '../../sources/index.ts';
import { CommandFailure, usage } from '../failure.ts';
import { badLinesTold, importedUpdatesBytesMax, importPartWaitMs } from '../limits.ts';
import type {
  ImportEndAsked,
  ImportOpenAsked,
  ImportPartAsked,
  OfListedSource,
} from '../listed-source-procedures.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import type { Output } from '../output.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface ImportFlags extends Target {
  tenant: string;
  json?: boolean;
  partition: string;
  source: string;
  format?: ImportFormat;
}

interface Imported {
  document_id: string | null;
  updates: number;
  bad: number;
  /** The first of them. */
  bad_lines: BadLine[];
}

export function addImport(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source
    .command('import')
    .description('take device updates from a file: lines of JSON, or a table with a header')
    .argument('<file>', 'FILE.ndjson or FILE.csv')
    .option('--partition <name>', 'of lines that name none', 'default')
    .option('--source <name>', 'of lines that name none: manual, snmp, integration, ...', 'integration')
    .addOption(new Option('--format <format>', 'instead of what the file is called').choices(importFormats));
  const example = `Fields and columns: device_id, ip, mac, hostname, partition, source, timestamp, is_available, confidence, agent_id, poller_id,
service_type, service_id; lines of JSON also metadata {} and interfaces []; in a table any other column is metadata.NAME.

Examples:
  picket source import inventory.csv --tenant acme --partition plant
  picket source import devices.ndjson --tenant acme --source manual --json
`;
  tenantCommand(command, surroundings, example).action(async (file: string, flags: ImportFlags) => {
    const format = formatOf(file, flags.format);
    judgeFile(file);
    const imported = await withOperator(flags, (session) => send(session, file, format, flags, output));
    if (flags.json) output.json(imported);
    else tell(file, imported, output);
    if (imported.updates === 0)
      throw new CommandFailure('bad_line', `${file}: there is no update in it that could be taken`);
  });
}

function formatOf(file: string, format: ImportFormat | undefined): ImportFormat {
  if (format !== undefined) return format;
  if (/\.(ndjson|jsonl)$/i.test(file)) return 'ndjson';
  if (/\.csv$/i.test(file)) return 'csv';
  throw usage(`${basename(file)}: say by --format whether it is ndjson or csv`);
}

function judgeFile(file: string): void {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw new Error('it is no file');
    if (found.size > importedUpdatesBytesMax)
      throw new Error(`it has more than ${importedUpdatesBytesMax} bytes: split it`);
  } catch (error) {
    throw new CommandFailure('no_such_file', `${file} cannot be read: ${(error as Error).message}`);
  }
}

/** The document is opened with the first updates: of a file without any there is none. */
async function send(
  session: OperatorSession,
  file: string,
  format: ImportFormat,
  flags: ImportFlags,
  output: Output,
): Promise<Imported> {
  const { tenant, partition, source } = flags;
  const importedAt = new Date(systemClock().wallMs()).toISOString();
  const read = importFile(createReadStream(file), format, { partition, source, importedAt });
  const array = new UpdateArray(documentPartBytesMax);
  const told: Imported = { document_id: null, updates: 0, bad: 0, bad_lines: [] };
  const document = new SentDocument(session, tenant);
  try {
    for (;;) {
      const step = await read.next();
      if (step.done) {
        if (step.value !== null) throw usage(`${file}: ${step.value.detail}`);
        break;
      }
      const { updates, bad } = step.value;
      told.bad += bad.length;
      told.bad_lines.push(...bad.slice(0, Math.max(0, badLinesTold - told.bad_lines.length)));
      told.updates += updates.length;
      if (updates.length > 0) await document.open({ partition, service: serviceOf(file) });
      for (const part of array.add(updates)) await document.part(part);
      if (told.updates % 100_000 < updates.length && told.updates >= 100_000)
        output.note(`${told.updates} updates`);
    }
    if (told.updates === 0) return told;
    for (const part of array.end()) await document.part(part);
    return { ...told, document_id: await document.end(array) };
  } catch (error) {
    await document.forget();
    throw error;
  }
}

/** One word on one line, as documents want it. */
function serviceOf(file: string): string {
  return basename(file)
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 200);
}

/** A document that this command sends. */
class SentDocument {
  private readonly session: OperatorSession;
  private readonly tenant: string;
  private id: string | null = null;
  private offset = 0;

  constructor(session: OperatorSession, tenant: string) {
    this.session = session;
    this.tenant = tenant;
  }

  async open(of: { partition: string; service: string }): Promise<void> {
    if (this.id !== null) return;
    const asked: ImportOpenAsked = { tenant: this.tenant, key: `import-${randomUUID()}`, ...of };
    this.id = (await this.session.call<{ id: string }>('source_import_open', asked, importPartWaitMs)).id;
  }

  async part(bytes: Uint8Array): Promise<void> {
    const asked: ImportPartAsked = { tenant: this.tenant, id: this.id!, offset: this.offset, bytes };
    await this.session.call('source_import_part', asked, importPartWaitMs);
    this.offset += bytes.length;
  }

  async end(array: UpdateArray): Promise<string> {
    const asked: ImportEndAsked = {
      tenant: this.tenant,
      id: this.id!,
      totalBytes: array.bytes,
      sha256: array.sha256(),
    };
    await this.session.call('source_import_end', asked, importPartWaitMs);
    return this.id!;
  }

  /** Whatever it was that failed, this is only for tidiness: what is left is purged in time. */
  async forget(): Promise<void> {
    if (this.id === null) return;
    const asked: OfListedSource = { tenant: this.tenant, id: this.id };
    await this.session.call('source_import_forget', asked, importPartWaitMs).catch(() => {});
  }
}

function tell(file: string, { document_id, updates, bad, bad_lines }: Imported, output: Output): void {
  for (const { line, reason } of bad_lines) output.note(`${file}:${line}: ${reason}`);
  if (bad > bad_lines.length) output.note(`and ${bad - bad_lines.length} more lines`);
  const left = bad === 0 ? '' : `, ${bad} lines left out`;
  if (document_id !== null) output.line(`${updates} updates taken${left}; document ${document_id}`);
}
