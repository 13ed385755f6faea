/**
 * The codes of every room with their sentences, read from the source: a member of a union or of a list of codes, with the
 * doc comment above it. What docs/ERRORS.md is made of.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tidy/tree.ts';

export interface ErrorCode {
  readonly code: string;
  /** Null when nothing stands above it. */
  readonly sentence: string | null;
}

export interface CodeList {
  readonly title: string;
  readonly intro: string;
  readonly file: string;
  /** The declaration that holds the codes. */
  readonly name: string;
}

export const codeLists: readonly CodeList[] = [
  {
    title: 'Verdicts on a peer',
    intro: 'Said by both ends of a link, in both logs, and by `picket certs verify`.',
    file: 'certs/verdict.ts',
    name: 'verdictCodes',
  },
  {
    title: 'Tokens and requests',
    intro: 'Said by `picket enroll` before it dials, and by the gateway.',
    file: 'certs/enrolment/codes.ts',
    name: 'enrolmentCodes',
  },
  {
    title: 'Enrolment',
    intro: 'Said by `picket enroll`, and by a gateway as the first word of a status.',
    file: 'edge/enrol-errors.ts',
    name: 'EnrolRefusalCode',
  },
  {
    title: 'Renewal',
    intro:
      'What the bearer of a certificate is told when it asks for the next one, beside the codes of requests and packages.',
    file: 'edge/renew-decision.ts',
    name: 'RenewRefusalCode',
  },
  {
    title: "The agent's program",
    intro: 'Said by `picket agent`, on stderr or in its log.',
    file: 'edge/agent/errors.ts',
    name: 'AgentErrorCode',
  },
  {
    title: 'Commands to an agent',
    intro: 'What our agent refuses a command of its gateway with.',
    file: 'edge/agent/command-decision.ts',
    name: 'CommandRefusalCode',
  },
  {
    title: 'Networks of a sweep',
    intro: 'What `picket sweep add` says of each network or exclusion that it refuses, within `bad_sweep`.',
    file: 'checks/sweep/networks.ts',
    name: 'NetworkRefusalCode',
  },
  {
    title: 'Certificates on disk',
    intro: 'Authority, credentials, policy.',
    file: 'certs/errors.ts',
    name: 'CertsErrorCode',
  },
  { title: 'Commands', intro: "The `picket` command's own.", file: 'bin/errors.ts', name: 'CommandCode' },
  {
    title: 'Procedures',
    intro: 'What a core refuses a command with.',
    file: 'bin/errors.ts',
    name: 'ProcedureCode',
  },
  {
    title: 'Cluster',
    intro: 'Links, remote calls, names.',
    file: 'cluster/errors.ts',
    name: 'ClusterErrorCode',
  },
  {
    title: 'Payloads',
    intro: 'The reason beside `cannot_encode` and `cannot_decode`.',
    file: 'cluster/errors.ts',
    name: 'PayloadReason',
  },
  { title: 'Runtime', intro: 'Actors in one process.', file: 'runtime/errors.ts', name: 'RuntimeErrorCode' },
  {
    title: 'Records',
    intro: 'What `picket replay` refuses a file with.',
    file: 'runtime/errors.ts',
    name: 'RecordErrorCode',
  },
  {
    title: 'Checks',
    intro: 'What a check is refused with.',
    file: 'checks/errors.ts',
    name: 'CheckRefusalCode',
  },
  {
    title: 'Sources',
    intro: 'Why a listing of another system ended before its time: `picket source show`, and its runs.',
    file: 'sources/errors.ts',
    name: 'SourceFaultCode',
  },
  {
    title: 'Sources at an agent',
    intro: 'Why a run of a source that is placed at an agent ended, beside the codes of any listing.',
    file: 'actors/listing-codes.ts',
    name: 'PlacedListingCode',
  },
  {
    title: 'Where a source is placed',
    intro: 'What `picket source add` and `edit` say of `--agent`.',
    file: 'actors/listing-codes.ts',
    name: 'PlaceRefusalCode',
  },
  {
    title: 'The edge door',
    intro: 'What programs at the edge are refused with, before the text of a gRPC status.',
    file: 'edge/errors.ts',
    name: 'GatewayRefusalCode',
  },
  {
    title: 'The edge door: items',
    intro: 'Why an item of a push was left out; the others were taken.',
    file: 'edge/status-items.ts',
    name: 'DropReason',
  },
  {
    title: 'Agents that only listen',
    intro: 'How a poll of one ended, and each of its questions: `picket agent-source show` and `test`.',
    file: 'edge/dial/dial-errors.ts',
    name: 'DialFaultCode',
  },
  {
    title: 'Devices',
    intro: "What a tenant's reconciler refuses whoever asks it, operators by `picket device` among them.",
    file: 'actors/reconcile-codes.ts',
    name: 'ReconcileRefusalCode',
  },
  {
    title: 'Device updates',
    intro: 'Said of single updates in `picket document show`, beside what says which field of one is none.',
    file: 'actors/reconcile-codes.ts',
    name: 'UpdateRefusalCode',
  },
  { title: 'Store', intro: 'The database.', file: 'store/errors.ts', name: 'storeErrorCodes' },
  {
    title: 'The record of sessions',
    intro:
      'Why a line of a remote shell does not run, and what a core answers a node whose journal it keeps.',
    file: 'shell/journal/errors.ts',
    name: 'RecordedErrorCode',
  },
  {
    title: 'The remote shell',
    intro: 'What a session or a line is refused with, and how a line ended.',
    file: 'shell/errors.ts',
    name: 'ShellErrorCode',
  },
  {
    title: 'Web: requests',
    intro: 'What a request is refused with.',
    file: 'web/errors.ts',
    name: 'RefusalCode',
  },
  { title: 'Web: sockets', intro: 'Why a socket was closed.', file: 'web/errors.ts', name: 'FarewellCode' },
  {
    title: 'Web: not ready',
    intro: 'What `/health/ready` says no with.',
    file: 'web/errors.ts',
    name: 'NotReadyCode',
  },
  { title: 'Web: the door', intro: 'Why it does not open.', file: 'web/errors.ts', name: 'WebErrorCode' },
];

/** The codes of one declaration, in the order of the source. Throws when there is no such declaration. */
export function codesOf(text: string, name: string): ErrorCode[] {
  const start = new RegExp(`\\b(?:type|const) ${name}\\b[^=]*=`).exec(text);
  if (start === null) throw new Error(`no declaration of ${name}`);
  const from = start.index + start[0].length;
  const rest = text.slice(from);
  const end = /;\s*\n|\] as const/.exec(withoutComments(rest))!.index;
  const body = rest.slice(0, end);
  const member = /(?:\/\*\*([\s\S]*?)\*\/\s*)?(?:\|\s*)?'([a-z0-9_]+)'/g;
  const found: ErrorCode[] = [];
  for (const [, comment, code] of body.matchAll(member)) {
    const sentence =
      comment
        ?.replace(/^\s*\*\s?/gm, ' ')
        .replace(/\s+/g, ' ')
        .trim() ?? null;
    found.push({ code: code!, sentence: sentence || null });
  }
  return found;
}

/** Of the same length, so that places stay. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => ' '.repeat(comment.length));
}

export function readCodes({ file, name }: CodeList): ErrorCode[] {
  return codesOf(readFileSync(join(root, file), 'utf8'), name);
}

/** Padded as the formatter has it, so that it finds nothing to do. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const all = [['code', 'meaning'] as const, ...rows];
  const [first, second] = [0, 1].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = ([code, meaning]: readonly [string, string]) =>
    `| ${code.padEnd(first!)} | ${meaning.padEnd(second!)} |`;
  const [head, ...body] = all.map(line);
  return [head!, `| ${'-'.repeat(first!)} | ${'-'.repeat(second!)} |`, ...body];
}

/** The page. */
export function errorsPage(): string {
  const parts = codeLists.map((list) => {
    const rows = readCodes(list).map(
      ({ code, sentence }) => [`\`${code}\``, (sentence ?? '').replaceAll('|', '\\|')] as const,
    );
    return [`## ${list.title}`, '', `${list.intro} (\`${list.file}\`)`, '', ...table(rows), ''].join('\n');
  });
  return [
    '# Errors',
    '',
    'Every code that Picket refuses or fails with. Codes are stable; the text beside them is for people and may change. A',
    'command prints its code and a sentence on stderr and ends with status 1, or 2 for a usage error. This page is made from',
    'the sources: `npm run docs:errors` writes it, and a test fails when it is stale.',
    '',
    ...parts,
  ].join('\n');
}
