/** `tree`: the actors of this node, each below the one that started it. */
import { paced, type Step, type TreeLine, treeLines } from '../../runtime/index.ts';
import { show } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { askDeadlineMs, pieceCharactersFull } from '../limits.ts';
import { readWords } from '../read-words.ts';
import { sightOf } from '../sight.ts';

const usage = 'tree [--json]';

export const treeCommand: ShellCommand = {
  ...{ name: 'tree', usage, summary: 'the actors of this node, each below its starter', forTenants: true },
  examples: ['tree', 'tree | grep mailbox', 'tree --json | jq .'],
  ...{ access: 'read', deadlineMs: askDeadlineMs },
  async *run(call) {
    const { node, words, signal } = call;
    const read = readWords(words, { usage, switches: ['json'], least: 0, most: 1 });
    const [name = node.node] = read.rest;
    if (name !== node.node)
      throw new ShellError('lives_elsewhere', `this is ${node.node}: connect ${name} to see its tree`);
    const asJson = read.has('json');
    const pieces = paced(piecesOf(treeLines(node.system, sightOf(call)), asJson), node.system.clock, signal);
    let isEmpty = true;
    if (asJson) yield '[';
    for await (const piece of pieces) {
      isEmpty = false;
      yield piece;
    }
    if (asJson) yield ']\n';
    else if (isEmpty) yield 'no actors\n';
  },
};

/** Text made line by line costs the loop nothing between two pieces: of each line it would be a promise. */
function* piecesOf(lines: Iterable<Step<TreeLine>>, asJson: boolean): Generator<Step<string>> {
  let text = '';
  let isFirst = true;
  for (const line of lines) {
    if (line !== undefined) {
      if (asJson) text += `${isFirst ? '' : ',\n'}${JSON.stringify(jsonOf(line))}`;
      else text += drawn(line);
      isFirst = false;
    }
    if (text.length < pieceCharactersFull) yield undefined;
    else {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}

/** One row for each, with its parent: programs put the tree together. */
function jsonOf({ depth, row, restarts }: TreeLine): Record<string, unknown> {
  const { id, parent, kind, name, mailbox, handled, busyMs } = row;
  return {
    ...{ id: String(id), parent: depth === 0 ? null : String(parent), kind, name, restarts },
    ...{ mailbox, handled, busy_ms: busyMs },
  };
}

function drawn({ depth, row, restarts }: TreeLine): string {
  const { id, kind, name, mailbox } = row;
  const kindText = kind === 'actor' ? '' : ` (${kind})`;
  const restartsText = restarts > 0 ? `  restarts ${restarts}` : '';
  const mailboxText = mailbox > 0 ? `  mailbox ${mailbox}` : '';
  // Deep trees stay readable: what is below that is not moved further.
  return `${'  '.repeat(Math.min(depth, 40))}${show(name)} ${id}${kindText}${restartsText}${mailboxText}\n`;
}
