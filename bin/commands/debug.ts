/**
 * `picket debug bundle`: one file for whoever helps, out of what every node tells of itself. Asks all at once, waits for nobody
 * for long, and says what is in it, what is missing, and what was taken out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type Member, type TreePart, treeRows } from '../../cluster/index.ts';
import { type Clock, messageOf, nestRows, systemClock } from '../../runtime/index.ts';
import { askAll, type Question } from '../bundle/ask-all.ts';
import { debugContents } from '../bundle/debug-contents.ts';
import { tarGz } from '../bundle/tar-file.ts';
import { codeOf } from '../failure.ts';
import { debugAllMs, debugAnswerMs, debugAtOnceMax, debugTreePartsMax } from '../limits.ts';
import { NewFile } from '../new-file.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import type { Output } from '../output.ts';
import { ownVersion } from '../own-version.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  node?: string;
  out?: string;
  force?: boolean;
  json?: boolean;
}

const help = `
In it: members and status, and of each node its tree, links, counts of names, metrics, versions, limits, configuration and the
end of its log. Passwords, keys, tokens and headers are taken out on each node and once more here; README.txt in the file says
how many. It takes 10 s at most: who did not answer is listed with the reason. Read it before you send it.

Examples:
  picket debug bundle
  picket debug bundle --out incident.tar.gz --force
  picket debug bundle --node poller_1
  picket --at 10.0.0.5:7400 --as ann.pem debug bundle
`;

export function addDebugCommands(program: Command, { output, environment }: Surroundings): void {
  program
    .command('debug')
    .description('for whoever helps you')
    .command('bundle')
    .description('one .tar.gz with what every node tells of itself, without secrets')
    .addOption(new Option('--node <name>', 'only this node, and the cluster as it sees it'))
    .addOption(new Option('--out <file>', 'default: picket-debug-TIME.tar.gz here'))
    .addOption(new Option('--force', 'write over the file when it is there'))
    .addOption(new Option('--json', 'print what is in it as JSON'))
    .addOption(dataOption(environment))
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const clock = systemClock();
      const madeAt = new Date(clock.wallMs()).toISOString();
      const path = flags.out ?? `picket-debug-${madeAt.slice(0, 19).replace(/[-:]/g, '')}.tar.gz`;
      const file = new NewFile(path, flags.force === true);
      try {
        const asked = await withOperator(flags, (session) =>
          collect(session, flags.node ?? null, clock, output),
        );
        const facts = { ...asked, madeAt, picket: ownVersion(), limits: ownLimits() };
        const { files, redactions, missing, summary } = debugContents(facts);
        file.data(tarGz(files, Math.floor(Date.parse(madeAt) / 1_000)));
        file.finish();
        const names = files.map(({ name }) => name);
        if (flags.json)
          output.json({ file: path, bytes: file.bytes, files: names, missing, redacted: redactions });
        else output.line(`${summary}\n${path}: ${file.bytes} bytes`);
      } finally {
        file.abandon();
      }
    });
}

async function collect(session: OperatorSession, only: string | null, clock: Clock, output: Output) {
  const endMs = clock.monotonicMs() + debugAllMs;
  const leftMs = () => Math.max(1, endMs - clock.monotonicMs());
  const { name: here } = await session.call<{ name: string }>(
    'node',
    null,
    Math.min(debugAnswerMs, leftMs()),
  );
  const call = <T>(node: string, name: string, argument: unknown): Promise<T> =>
    node === here
      ? session.call<T>(name, argument, debugAnswerMs)
      : session.call<T>('relay', { node, name, argument, timeoutMs: debugAnswerMs }, debugAnswerMs);
  const members = await call<Member[]>(only ?? here, 'members', null);
  const isThere = ({ name, status }: Member) =>
    only === null ? status === 'up' || status === 'suspect' : name === only;
  const nodes = members.filter(isThere).map(({ name }) => name);
  const gone = members.filter(({ status }) => only === null && (status === 'down' || status === 'left'));
  output.note(`asking ${nodes.join(' ')}`);
  const questions: Question[] = [
    { node: '', what: 'status', ask: () => call(only ?? here, 'status', null) },
    ...nodes.flatMap((node) => questionsOf(node, call)),
  ];
  let tenth = 10;
  const asked = await askAll(
    questions,
    clock,
    { atOnceMax: debugAtOnceMax, answerMs: debugAnswerMs, allMs: leftMs() },
    (left) => {
      const now = Math.ceil((left / questions.length) * 10);
      if (now < tenth) output.note(`${questions.length - left} of ${questions.length} answers`);
      tenth = now;
    },
  );
  return {
    through: here,
    nodes,
    answers: [{ node: '', what: 'members', value: members }, ...asked.answers],
    missing: [
      ...asked.missing,
      ...gone.map(({ name, status }) => ({ node: name, what: 'all', why: `it is ${status}` })),
    ],
  };
}

type Call = <T>(node: string, name: string, argument: unknown) => Promise<T>;

function questionsOf(node: string, call: Call): Question[] {
  const one = (what: string, name: string, argument: unknown = null): Question => ({
    ...{ node, what },
    ask: () => call(node, name, argument),
  });
  return [
    one('about', 'debug_node', {}),
    { node, what: 'tree', ask: () => treeOfNode(node, call) },
    one('links', 'links'),
    one('metrics', 'metrics', { form: 'text' }),
  ];
}

/** In parts where the node tells it so: of a very large one the oldest actors, which are those that supervise. */
async function treeOfNode(node: string, call: Call): Promise<unknown> {
  try {
    return nestRows(
      await treeRows((after) => call<TreePart>(node, 'tree_part', { after }), debugTreePartsMax),
    );
  } catch (error) {
    if (codeOf(error) !== 'no_such_procedure') throw error;
    return await call(node, 'tree', null);
  }
}

/** The text of each room's limits as this version has them. */
function ownLimits(): Record<string, string> {
  const root = new URL('../../', import.meta.url);
  const limits: Record<string, string> = {};
  try {
    for (const entry of readdirSync(root, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      try {
        limits[entry.name] = readFileSync(new URL(`${entry.name}/limits.js`, root), 'utf8');
      } catch {
        // A folder that is no room, or a room without limits.
      }
    }
  } catch (error) {
    limits.missing = messageOf(error);
  }
  return limits;
}
