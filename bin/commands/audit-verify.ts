/**
 * `picket audit verify`: judges the chains of all nodes here, on the machine of who asks, out of what the database holds, and
 * holds them against the journals that lie on the nodes themselves. Or a journal's files alone.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Member } from '../../cluster/index.ts';
import {
  type ArchivedChain,
  type Chain,
  type ChainFault,
  type ChainNotice,
  chainFrom,
  follow,
  genesis,
  type JournalVerdict,
  journalFiles,
  judgeFiles,
} from '../../shell/index.ts';
import { nodeDoor } from '../ask-node.ts';
import { type CopyState, compareCopies } from '../audit-copies.ts';
import { auditCommand, pages } from '../audit-pages.ts';
import { CommandFailure } from '../failure.ts';
import { journalJudgedMs } from '../limits.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import type { Output } from '../output.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  json?: boolean;
  file?: string;
}

interface ChainView {
  node: string;
  entries: number;
  last_seq: number | null;
  fault: ChainFault | null;
  notices: readonly ChainNotice[];
  journal: { state: CopyState; detail: string } | null;
}

const examples = `Each entry has the hash of the one before it: one that was changed, removed, put in or moved is seen, and its place is said.
What a chain cannot show is that its newest end was cut off. Two copies do: the node has its journal, the database another,
and both are held against each other. Status 0: all is as it was written. Notices are no faults: read them.

Examples:
  picket audit verify
  picket audit verify --json
  picket audit verify --file /var/lib/picket/journal/poller_1
`;

export function addAuditVerify(audit: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = audit
    .command('verify')
    .description('whether the record is the one that was written, on all nodes and in the database')
    .option('--file <journal>', 'only this: the folder of a journal, or one file of it')
    .addOption(new Option('--json', 'print JSON'));
  auditCommand(command, surroundings, examples).action(async (flags: Flags) => {
    const views =
      flags.file === undefined
        ? await withOperator(flags, (session) => verifyAll(session, output))
        : [await verifyFile(flags.file)];
    const faults = views.filter(({ fault, journal }) => fault !== null || isBad(journal));
    if (flags.json) output.json({ ok: faults.length === 0, chains: views });
    else for (const view of views) output.line(show(view));
    const [first] = faults;
    if (first !== undefined) throw new CommandFailure('record_altered', show(first));
    if (!flags.json) output.line(`${views.length} chains are as they were written`);
  });
}

function isBad(journal: ChainView['journal']): boolean {
  return journal !== null && ['differs', 'cut', 'faulty'].includes(journal.state);
}

async function verifyAll(session: OperatorSession, output: Output): Promise<ChainView[]> {
  const [kept, members] = await Promise.all([
    session.call<ArchivedChain[]>('audit_chains', null),
    session.call<Member[]>('members', null),
  ]);
  const living = members
    .filter(({ status }) => status === 'up' || status === 'suspect')
    .map(({ name }) => name);
  const names = [...new Set([...kept.map(({ node }) => node), ...living])].sort();
  const views: ChainView[] = [];
  for (const node of names) {
    const chain = kept.find((one) => one.node === node) ?? null;
    const judged = chain === null ? chainFrom(null) : await verifyKept(session, chain);
    const verdict = living.includes(node) ? await askJournal(session, node, chain) : null;
    const journal = compareCopies(chain, verdict);
    if (chain === null && journal.state === 'gone') continue;
    output.note(`${node}: ${judged.entries} entries`);
    views.push(viewOf(node, judged, journal));
  }
  return views;
}

async function verifyKept(session: OperatorSession, { node, removed }: ArchivedChain): Promise<Chain> {
  let chain = chainFrom(removed ?? genesis);
  for await (const lines of pages(session, { session: null, node }, removed ?? { boot: 0, seq: 0 })) {
    for (const line of lines) chain = follow(chain, line);
    if (chain.fault !== null) break;
  }
  return chain;
}

async function askJournal(
  session: OperatorSession,
  node: string,
  kept: ArchivedChain | null,
): Promise<JournalVerdict | string> {
  const at = kept === null ? null : { boot: kept.boot, seq: kept.seq };
  try {
    const door = await nodeDoor(session, node, journalJudgedMs);
    return await door<JournalVerdict>('session_journal', { at });
  } catch (error) {
    const { code, message } = error as CommandFailure;
    return `${code}: ${message}`;
  }
}

async function verifyFile(path: string): Promise<ChainView> {
  let paths = [path];
  try {
    if (statSync(path).isDirectory()) paths = (await journalFiles(path)).map(({ name }) => join(path, name));
  } catch (error) {
    throw new CommandFailure('no_such_file', `${path} cannot be read: ${(error as Error).message}`);
  }
  const judged = await judgeFiles(paths);
  const { fault, file, line, tornBytes } = judged;
  const view = viewOf(path, judged, null);
  if (fault !== null) view.fault = { ...fault, detail: `${fault.detail} (${file} line ${line})` };
  if (tornBytes === 0) return view;
  const torn: ChainNotice = {
    ...{ code: 'cut', seq: judged.head?.seq ?? 0, boot: judged.head?.boot ?? 0 },
    detail: `${tornBytes} bytes at the end are no whole entry: torn, or being written`,
  };
  return { ...view, notices: [...view.notices, torn] };
}

function viewOf(node: string, judged: Chain, journal: ChainView['journal']): ChainView {
  const { entries, head, fault, notices } = judged;
  return { node, entries, last_seq: head?.seq ?? null, fault, notices, journal };
}

function show({ node, entries, fault, notices, journal }: ChainView): string {
  const said = [`${node}: ${entries} entries`];
  if (fault !== null)
    said.push(`FAULT ${fault.code} at entry ${fault.seq} (line ${fault.place}): ${fault.detail}`);
  if (journal !== null) said.push(`journal ${journal.state}: ${journal.detail}`);
  for (const { code, seq, detail } of notices) said.push(`notice ${code} at entry ${seq}: ${detail}`);
  return said.join('; ');
}
