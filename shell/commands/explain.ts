/** `explain`: why a check, a node or a supervised child is in the state that it is in. */
import type { Explanation } from '../../actors/messages.ts';
import type { ChildExplanation } from '../../cluster/index.ts';
import { show } from '../answer-rows.ts';
import { askCore } from '../asking.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { mayNameNode, nodeWords } from '../find-actor.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const usage = 'explain check ID | node NAME | child ID [--json]';

type Explain = (call: ShellCall, subject: string) => Explanation | Promise<Explanation>;

const subjects: Readonly<Record<string, Explain>> = {
  check: (call, id) => askCore<Explanation>(call, 'explain_check', { tenant: null, id }),
  node: explainNode,
  child: explainChild,
};

export const explainCommand: ShellCommand = {
  ...{ name: 'explain', usage, summary: 'why something is in the state that it is in', forTenants: true },
  examples: ['explain check chk_abcdefghijklmnop', 'explain node poller_1', "explain child 'meter 7'"],
  ...{ access: 'read', deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, { usage, switches: ['json'], least: 2, most: 2 });
    const [kind = '', subject = ''] = read.rest;
    const explain = Object.hasOwn(subjects, kind) ? subjects[kind] : undefined;
    if (explain === undefined)
      throw new ShellError('bad_words', `"${kind}" cannot be explained; usage: ${usage}`);
    const answer = await explain(call, subject);
    const { state, because } = answer;
    if (read.has('json')) yield `${JSON.stringify({ subject: answer.subject, state, because })}\n`;
    else yield [`${answer.subject}: ${state}`, ...because.map((one) => `  ${show(one)}`), ''].join('\n');
  },
  async complete(call, _word, at) {
    if (at === 0) return Object.keys(subjects);
    return at === 1 && call.words[0] === 'node' ? nodeWords(call) : [];
  },
};

function explainNode({ node, scope }: ShellCall, name: string): Explanation {
  const member = mayNameNode(scope.tenant, name)
    ? node.members.list().find((one) => one.name === name)
    : undefined;
  if (member === undefined) throw new ShellError('no_such_node', `there is no node "${name}": see nodes`);
  // What was decided about a node of ours may speak of others' nodes.
  const told = scope.tenant === null || member.tenant === scope.tenant;
  return { subject: name, state: member.status, because: told ? [...member.because] : [] };
}

async function explainChild({ node, scope }: ShellCall, id: string): Promise<Explanation> {
  const unknown = () => new ShellError('no_such_child', `nobody wants a child "${id}"`);
  if (scope.tenant !== null) {
    const rows = node.supervisor.list();
    if (!rows.some((row) => row.id === id && row.tenant === scope.tenant)) throw unknown();
  }
  const told: ChildExplanation | null = await node.supervisor.explain(id);
  if (told === null) throw unknown();
  return { subject: told.subject, state: told.state, because: [...told.because] };
}
