/** `inspect`: one actor, seen closely. The shape of its state; with `--full` and the right for it, the state itself, in pieces. */
import {
  type ActorInspection,
  inspectActor,
  paced,
  printed,
  refTextFor,
  stateOf,
} from '../../runtime/index.ts';
import { show } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { actorWordsHere, noSuchActor } from '../find-actor.ts';
import { askDeadlineMs, printCharactersDefault, printCharactersMax } from '../limits.ts';
import { mayPrintValues } from '../print-right.ts';
import { readCount } from '../read-amount.ts';
import { readWords } from '../read-words.ts';
import { actorSeen, sightOf } from '../sight.ts';

const usage = 'inspect ACTOR [--json] [--full [--characters N]]';

export const inspectCommand: ShellCommand = {
  ...{ name: 'inspect', usage, summary: 'an actor: its queue, work and ties, the shape of its state' },
  examples: ['inspect 17', 'inspect tenants', 'inspect t_acme/default/tenant/1', 'inspect 17 --full | less'],
  ...{ access: 'read', forTenants: true, deadlineMs: askDeadlineMs },
  async *run(call) {
    const { node, words, signal } = call;
    const read = readWords(words, {
      ...{ usage, switches: ['json', 'full'], values: ['characters'], least: 1, most: 1 },
    });
    const name = read.rest[0]!;
    const charactersMax = readCount(
      ...([read.value('characters'), 'characters', printCharactersDefault, printCharactersMax] as const),
    );
    const ref = actorSeen(call, name);
    const sight = sightOf(call);
    if (read.has('full')) await mayPrintValues(call);
    const seen = inspectActor(node.system, String(ref.id), sight);
    // It may have ended while the right was asked for.
    const held = stateOf(node.system, ref.id, sight);
    if (seen === null || held === null) throw noSuchActor(name);
    const { state, ...rest } = seen;
    if (!read.has('full')) {
      yield read.has('json')
        ? `${JSON.stringify(jsonOf(seen))}\n`
        : `${linesOf(rest)}state         ${show(state)}\n`;
      return;
    }
    if (!read.has('json')) yield `${linesOf(rest)}state         `;
    const pieces = printed(held.state, { charactersMax, ref: refTextFor(node.system, sight) });
    for await (const piece of paced(pieces, node.system.clock, signal)) if (piece !== '') yield piece;
    yield '\n';
  },
  complete: async (call, _word, at) => (at === 0 ? actorWordsHere(call) : []),
};

type Rest = Omit<ActorInspection, 'state'>;

function linesOf(seen: Rest): string {
  const { mailbox, mailboxMax } = seen;
  const rows: [string, string | number | null][] = [
    ['actor', `${seen.name} ${seen.id}`],
    ['registered', seen.registeredName],
    ['status', seen.status],
    ['mailbox', `${mailbox.user} messages of ${mailboxMax}, ${mailbox.system} system messages`],
    ['handled', seen.handled],
    ['busy', `${seen.busyMs} ms`],
    ['restarts', seen.restarts],
    ['parents', seen.parents.map(({ id, name }) => `${name} ${id}`).join(' < ')],
    ['traps exits', seen.trapExit ? 'yes' : 'no'],
    ['links', seen.links.join(' ')],
    ['monitors', seen.monitors.join(' ')],
    ['monitored by', seen.monitoredBy.join(' ')],
    ['timers', seen.timers],
    ['owes replies', seen.owed],
  ];
  return rows.map(([head, cell]) => `${head.padEnd(14)}${show(cell)}\n`).join('');
}

function jsonOf(seen: ActorInspection): Record<string, unknown> {
  const { registeredName, mailboxMax, busyMs, trapExit, monitoredBy, ...same } = seen;
  return {
    ...{ ...same, registered_name: registeredName, mailbox_max: mailboxMax, busy_ms: busyMs },
    ...{ trap_exit: trapExit, monitored_by: monitoredBy },
  };
}
