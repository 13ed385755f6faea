/** `send`: one message to an actor, wherever it lives. Arguments are JSON; a word that is none is taken as text. */
import { type Protocol, paced, printed, type Ref, refTextFor } from '../../runtime/index.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { actorWords, findActor, mayWriteTo } from '../find-actor.ts';
import { askDeadlineMs, printCharactersMax, sendAnswerMs } from '../limits.ts';
import { readWords } from '../read-words.ts';
import { sightOf } from '../sight.ts';

const usage = 'send ACTOR METHOD [ARGUMENT ...] [--call]';

export const sendCommand: ShellCommand = {
  ...{
    name: 'send',
    usage,
    summary: 'send a message to an actor; --call waits for its answer',
    forTenants: true,
  },
  examples: [
    'send 17 add 2',
    `send platform/default/poller/poller_1 note '{"at":1}'`,
    'send 17 value --call',
  ],
  ...{ access: 'write', deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, { usage, switches: ['call'], least: 2, most: 64 });
    const [name = '', method = '', ...texts] = read.rest;
    const ref = findActor(call, name);
    if (!mayWriteTo(call, name, ref))
      throw new ShellError(
        'not_for_tenants',
        `${name} is told what to do by the platform alone: an operator of one tenant writes to its doors and to its own nodes`,
      );
    const { system } = call.node;
    const args = texts.map(argumentOf);
    if (read.has('call')) yield* shown(call, await system.sendCall(ref, method, args, sendAnswerMs));
    else yield delivered(system.sendCast(ref, method, args), ref);
  },
  complete: async (call, _word, at) => (at === 0 ? actorWords(call) : []),
};

function delivered(taken: boolean, ref: Ref<Protocol>): string {
  if (taken) return `sent to ${ref}\n`;
  throw new ShellError(
    'no_such_actor',
    `${ref} took nothing: it has ended, its mailbox is full, or its link is busy`,
  );
}

function argumentOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** In pieces, as states are: an answer may be of any size, and the node has other things to do. */
async function* shown(call: ShellCall, value: unknown): AsyncGenerator<string> {
  const { system } = call.node;
  const options = { charactersMax: printCharactersMax, ref: refTextFor(system, sightOf(call)) };
  if (value === undefined) yield 'undefined';
  else yield* paced(printed(value, options), system.clock, call.signal);
  yield '\n';
}
