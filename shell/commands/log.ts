/** `log`: the last lines of this node's log, and those that follow. Of the platform's operators alone: it speaks of all tenants. */
import type { LogRing } from '../../runtime/index.ts';
import { show } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { liveLookMs, logLinesDefault, pieceCharactersMax } from '../limits.ts';
import { Pause } from '../pause.ts';
import { readCount } from '../read-amount.ts';
import { readWords } from '../read-words.ts';

const usage = 'log [--level debug|info|warn|error] [--lines N] [--follow] [--json]';
const ranks: Readonly<Record<string, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

export const logCommand: ShellCommand = {
  ...{ name: 'log', usage, summary: "the last lines of the node's log, and those that follow" },
  examples: ['log', 'log --level warn --lines 200', 'log --follow', 'log --json --follow | jq .msg'],
  ...{ access: 'read', deadlineMs: null },
  async *run({ node, words, signal }) {
    const read = readWords(words, {
      ...{ usage, values: ['level', 'lines'], switches: ['follow', 'json'], least: 0, most: 0 },
    });
    const level = read.value('level') ?? 'debug';
    const from = Object.hasOwn(ranks, level) ? ranks[level]! : null;
    if (from === null) throw new ShellError('bad_words', `--level ${level}; usage: ${usage}`);
    const ring = node.looking.log;
    if (ring === null)
      throw new ShellError('command_failed', 'the program of this node keeps no lines of its log at hand');
    const count = readCount(read.value('lines'), 'lines', logLinesDefault, 10_000);
    const shown = (text: string) => lineOf(text, from, read.has('json'));
    const lines = lastLines(ring, count, shown);
    let at = ring.end;
    for (const piece of pieces(lines)) yield piece;
    if (!read.has('follow')) return;
    const pause = new Pause(node.system.clock, signal);
    const stop = new AbortController();
    ring.watch(() => pause.wake(), stop.signal);
    try {
      while (!signal.aborted) {
        const some: string[] = [];
        if (at < ring.start) some.push(`... ${ring.start - at} lines went by unread\n`);
        at = Math.max(at, ring.start);
        for (; at < ring.end && some.length < 100; at += 1) some.push(shown(ring.at(at) ?? '') ?? '');
        yield* pieces(some);
        if (at === ring.end) await pause.wait(liveLookMs * 10);
      }
    } finally {
      stop.abort();
    }
  },
  complete: async ({ words }, _word, at) => (words[at - 1] === '--level' ? Object.keys(ranks) : []),
};

/** The last ones that are of that level, from the newest back; the ring is bounded, so is this. */
function lastLines(ring: LogRing, count: number, shown: (text: string) => string | null): string[] {
  const lines: string[] = [];
  for (let at = ring.end - 1; at >= ring.start && lines.length < count; at -= 1) {
    const line = shown(ring.at(at) ?? '');
    if (line !== null) lines.push(line);
  }
  return lines.reverse();
}

/** Null: it is below the level. */
function lineOf(text: string, from: number, asJson: boolean): string | null {
  let row: Record<string, unknown>;
  try {
    row = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // One that was cut, or that no logger wrote.
    return `${show(text)}\n`;
  }
  const { level, time, msg, node: _node, pid: _pid, hostname: _hostname, ...fields } = row;
  if (typeof level === 'number' && level < from) return null;
  if (asJson) return `${text}\n`;
  const word = Object.keys(ranks).find((one) => ranks[one] === level) ?? String(level);
  const rest = Object.keys(fields).length === 0 ? '' : `  ${JSON.stringify(fields)}`;
  return `${show(`${time} ${word.padEnd(5)} ${msg}${rest}`)}\n`;
}

function* pieces(lines: readonly string[]): Generator<string> {
  let text = '';
  for (const line of lines) {
    if (text !== '' && text.length + line.length > pieceCharactersMax) {
      yield text;
      text = '';
    }
    text += line;
  }
  if (text !== '') yield text;
}
