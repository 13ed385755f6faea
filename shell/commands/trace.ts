/** `trace`: the messages of an actor as they come and go, for a while and at a bounded rate. */
import { ActorTrace, isSeen, printed, type Ref, refTextFor, type TraceEvent } from '../../runtime/index.ts';
import { show } from '../answer-rows.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { actorWordsHere } from '../find-actor.ts';
import {
  liveLookMs,
  liveWaitingMax,
  traceForMsDefault,
  traceForMsMax,
  traceMessagesDefault,
  traceMessagesMax,
  tracePerSDefault,
  tracePerSMax,
} from '../limits.ts';
import { Pause } from '../pause.ts';
import { mayPrintValues } from '../print-right.ts';
import { readCount, readTime } from '../read-amount.ts';
import { type ReadWords, readWords } from '../read-words.ts';
import { actorSeen, sightOf } from '../sight.ts';

const usage = 'trace ACTOR [--limit N/s] [--for 30s] [--count N] [--values]';

export const traceCommand: ShellCommand = {
  ...{ name: 'trace', usage, summary: "an actor's messages, live: methods and shapes, from whom and when" },
  examples: ['trace 17', 'trace 17 --limit 10/s --for 1m', 'trace tenants --count 20'],
  ...{ access: 'read', forTenants: true, deadlineMs: null },
  async *run(call) {
    const read = readWords(call.words, {
      ...{ usage, values: ['limit', 'for', 'count'], switches: ['values'], least: 1, most: 1 },
    });
    const { perS, forMs, count } = boundsOf(read);
    const ref = actorSeen(call, read.rest[0]!);
    if (read.has('values')) await mayPrintValues(call);
    const { clock } = call.node.system;
    const pause = new Pause(clock, call.signal);
    const waiting: TraceEvent[] = [];
    let [told, missed] = [0, 0];
    const trace = begin(call, ref, perS, read.has('values'), (event) => {
      if (waiting.length < liveWaitingMax) waiting.push(event);
      else missed += 1;
    });
    const startMs = clock.monotonicMs();
    let why = '';
    try {
      while (why === '' && !call.signal.aborted) {
        if (waiting.length === 0) await pause.wait(liveLookMs);
        // Of one that has ended, what it did last is told first.
        const some = waiting.splice(0, Math.min(50, count - told));
        told += some.length;
        if (some.length > 0) yield some.map((event) => lineOf(call, event, startMs)).join('');
        if (told >= count) why = `${told} messages were told`;
        else if (clock.monotonicMs() - startMs >= forMs) why = `${forMs / 1_000} s are over`;
        else if (!trace.isAlive && waiting.length === 0) why = 'the actor has ended';
      }
    } finally {
      trace.end();
    }
    const unseen = trace.unseen + missed;
    yield `end of trace: ${why}; ${unseen} more were not looked at, to stay within ${perS} a second\n`;
  },
  complete: async (call, _word, at) => (at === 0 ? actorWordsHere(call) : []),
};

function boundsOf(read: ReadWords): { perS: number; forMs: number; count: number } {
  const perS = read.value('limit')?.replace(/\/s$/, '') ?? null;
  return {
    perS: readCount(perS, 'limit', tracePerSDefault, tracePerSMax),
    forMs: readTime(read.value('for'), 'for', traceForMsDefault, traceForMsMax),
    count: readCount(read.value('count'), 'count', traceMessagesDefault, traceMessagesMax),
  };
}

function begin(
  call: ShellCall,
  ref: Ref,
  perS: number,
  values: boolean,
  onEvent: (event: TraceEvent) => void,
): ActorTrace {
  const { system } = call.node;
  const refText = refTextFor(system, sightOf(call));
  const describe = (some: readonly unknown[], charactersMax: number) =>
    onOneLine([...printed(some, { charactersMax, ref: refText })].join(''));
  const options = { perS, ref: refText, onEvent, ...(values && { describe }) };
  const trace = ActorTrace.of(system, ref.id, options);
  if (trace === null) throw new ShellError('command_failed', `${ref} is traced already: one trace at a time`);
  return trace;
}

/** Arguments as they stand in a call. Line feeds of what was sent are escaped, so these are between values. */
function onOneLine(text: string): string {
  return text.replace(/\n\s*/g, ' ').trim().replace(/^\[ ?/, '(').replace(/ ?\]$/, ')');
}

const arrows: Readonly<Record<TraceEvent['way'], string>> = { in: '<-', out: '->', answered: '=>' };

function lineOf(call: ShellCall, event: TraceEvent, startMs: number): string {
  const { atMs, way, kind, method, text, afterMs } = event;
  const at = ((atMs - startMs) / 1_000).toFixed(3).padStart(9);
  const after = afterMs === null ? '' : ` after ${afterMs.toFixed(1)} ms`;
  const whom = way === 'answered' ? '' : ` ${way === 'out' ? 'to' : 'from'} ${peerOf(call, event)}`;
  return `${at}  ${arrows[way]} ${kind.padEnd(4)} ${show(method)}${show(text)}${whom}${after}\n`;
}

/** Whom the session does not see has no name for it. */
function peerOf(call: ShellCall, { peer, node }: TraceEvent): string {
  const { system } = call.node;
  const sight = sightOf(call);
  if (peer === null) return sight.ids === null && node !== null ? `node ${node}` : '-';
  if (!isSeen(system, sight, peer)) return '-';
  const name = system.find(peer)?.definition.name;
  return name === undefined ? String(peer) : `${name} ${peer.id}`;
}
