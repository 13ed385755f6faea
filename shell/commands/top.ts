/** `top`: which actors were busy in the last second, live. */
import {
  type Activity,
  type ActivityLook,
  type ActivityOrder,
  lookAtActivity,
  noMarks,
  pacedResult,
} from '../../runtime/index.ts';
import { show } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { cutTo } from '../fit-lines.ts';
import { liveEveryMs, topRowsMax } from '../limits.ts';
import { Pause } from '../pause.ts';
import { readTime } from '../read-amount.ts';
import { readWords } from '../read-words.ts';
import { sightOf } from '../sight.ts';

const usage = 'top [--sort busy|messages|mailbox] [--every 1s] [--once] [--json]';
const orders: readonly string[] = ['busy', 'messages', 'mailbox'];

export const topCommand: ShellCommand = {
  ...{ name: 'top', usage, summary: 'the busiest actors of the last second, live' },
  examples: ['top', 'top --sort mailbox', 'top --once --json | jq .'],
  ...{ access: 'read', forTenants: true, deadlineMs: null },
  async *run(call) {
    const { node, words, signal } = call;
    const read = readWords(words, {
      ...{ usage, values: ['sort', 'every'], switches: ['once', 'json'], least: 0, most: 0 },
    });
    const order = read.value('sort') ?? 'busy';
    if (!orders.includes(order)) throw new ShellError('bad_words', `--sort ${order}; usage: ${usage}`);
    const everyMs = readTime(read.value('every'), 'every', liveEveryMs, 60_000);
    const { system } = node;
    const { clock } = system;
    const sight = sightOf(call);
    const pause = new Pause(clock, signal);
    const rows = Math.min(topRowsMax, Math.max(1, call.rows - 4));
    const look = (marks: ActivityLook['marks']) =>
      pacedResult(
        ...([lookAtActivity(system, sight, marks, order as ActivityOrder, rows), clock, signal] as const),
      );
    let sinceMs = clock.monotonicMs();
    let before = (await look(noMarks))?.marks;
    const once = read.has('once') || read.has('json');
    while (before !== undefined) {
      await pause.wait(everyMs);
      const nowMs = clock.monotonicMs();
      const seen = await look(before);
      if (seen === null) return;
      const elapsedMs = Math.max(1, nowMs - sinceMs);
      if (read.has('json')) yield `${JSON.stringify(jsonOf(seen, elapsedMs))}\n`;
      else if (once) yield screen(node.node, seen, elapsedMs);
      else yield `\f${fitted(screen(node.node, seen, elapsedMs), call.columns)}`;
      if (once) return;
      before = seen.marks;
      sinceMs = nowMs;
    }
  },
  complete: async ({ words }, _word, at) => (words[at - 1] === '--sort' ? orders : []),
};

function perS(count: number, elapsedMs: number): number {
  return Math.round((count * 10_000) / elapsedMs) / 10;
}

function percent(busyMs: number, elapsedMs: number): number {
  return Math.round((busyMs * 1_000) / elapsedMs) / 10;
}

function screen(node: string, { first, totals }: ActivityLook, elapsedMs: number): string {
  const head =
    `${node}: ${totals.actors} actors, ${perS(totals.messages, elapsedMs)} messages/s, ` +
    `handlers ${percent(totals.busyMs, elapsedMs)} % of the time, ${totals.mailbox} messages wait\n\n`;
  const line = (id: string, busy: string, messages: string, mailbox: string, name: string) =>
    `${id.padStart(10)} ${busy.padStart(7)} ${messages.padStart(11)} ${mailbox.padStart(8)}  ${name}\n`;
  const rows = first.map((one) =>
    line(
      ...([
        String(one.id),
        percent(one.busyMs, elapsedMs).toFixed(1),
        perS(one.messages, elapsedMs).toFixed(1),
        String(one.mailbox),
        show(one.name),
      ] as const),
    ),
  );
  return `${head}${line('ID', 'BUSY %', 'MESSAGES/S', 'MAILBOX', 'NAME')}${rows.join('')}`;
}

/** Row by row, as many columns as the terminal had when the line began. */
function fitted(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => cutTo(line, columns))
    .join('\n');
}

function jsonOf({ first, totals }: ActivityLook, elapsedMs: number): Record<string, unknown> {
  const row = ({ id, name, busyMs, messages, mailbox }: Activity) => ({
    ...{ id: String(id), name, busy_ms: Math.round(busyMs * 1_000) / 1_000, messages, mailbox },
  });
  const { actors, busyMs, messages, mailbox } = totals;
  return {
    elapsed_ms: Math.round(elapsedMs * 10) / 10,
    totals: { actors, busy_ms: Math.round(busyMs * 1_000) / 1_000, messages, mailbox },
    actors: first.map(row),
  };
}
