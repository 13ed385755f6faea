import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addCommand,
  type Command,
  type CommandBook,
  type CommandEffect,
  cancelCommand,
  endOfCommandMs,
  expireCommands,
  hearAgent,
  loseAgent,
  newBook,
  nextEndMs,
  sendQueued,
} from './command-book.ts';
import { commandEvents, commandStates, isLive, stepCommand } from './command-life.ts';
import { commandsKeptMax, commandsMax } from './limits.ts';

const none = new Uint8Array();
const command = (id: string, ttlS = 60): Command => ({
  id,
  type: 'run',
  payloadJson: none,
  ttlS,
  createdAtS: 100,
});
const result = (success: boolean) =>
  ({ type: 'result', success, message: 'm', payloadJson: Buffer.from('{}') }) as const;

function bookOf(...ids: string[]): CommandBook {
  const book = newBook();
  for (const id of ids) addCommand(book, command(id));
  return book;
}
const endOf = (effects: readonly CommandEffect[]) =>
  effects.map((effect) => (effect.type === 'settled' ? effect.outcome.state : effect.type));

describe('the life of a command', () => {
  it('is the table of the lifecycle, and what is over stays over', () => {
    const allowed = commandStates.flatMap((state) =>
      commandEvents.flatMap((event) => {
        const next = stepCommand(state, event);
        return next === null ? [] : [`${event}: ${state} -> ${next}`];
      }),
    );
    const live = ['queued', 'sent', 'acknowledged', 'running'];
    const anyLive = (event: string, to: string) => live.map((state) => `${event}: ${state} -> ${to}`);
    expect(allowed.sort()).toEqual(
      [
        'send: queued -> sent',
        ...['acknowledge: queued -> acknowledged', 'acknowledge: sent -> acknowledged'],
        ...live.slice(0, 3).map((state) => `start: ${state} -> running`),
        ...live.slice(1).map((state) => `complete: ${state} -> completed`),
        ...[...anyLive('fail', 'failed'), ...anyLive('expire', 'expired'), ...anyLive('cancel', 'cancelled')],
        ...['mark_offline: queued -> offline', 'mark_offline: sent -> offline'],
      ].sort(),
    );
    expect(commandStates.filter(isLive)).toEqual(live);
  });
});

describe('the commands of an agent', () => {
  it('go out once, in order, and end with what the agent says', () => {
    const book = bookOf('a', 'b', 'c');
    expect(sendQueued(book).map((effect) => effect.type === 'send' && effect.command.id)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(sendQueued(book)).toEqual([]);
    expect(hearAgent(book, 'a', 'run', { type: 'ack', message: '' })).toEqual([]);
    expect(hearAgent(book, 'a', 'run', { type: 'progress', percent: 400, message: '' })).toEqual([]);
    expect(book.live.get('a')).toMatchObject({ state: 'running', progressPercent: 100 });
    expect(endOf(hearAgent(book, 'a', 'run', result(true)))).toEqual(['completed']);
    expect(endOf(hearAgent(book, 'b', '', result(false)))).toEqual(['failed']);
    expect(endOf(cancelCommand(book, 'c'))).toEqual(['cancelled']);
    expect(book.live.size).toBe(0);
  });
  it('hear nothing of what is over, of another type, not theirs, or not yet sent', () => {
    const book = bookOf('a', 'b');
    expect(hearAgent(book, 'a', 'run', result(true))).toEqual([]);
    sendQueued(book);
    expect(hearAgent(book, 'a', 'other', result(true))).toEqual([]);
    expect(hearAgent(book, 'x', 'run', result(true))).toEqual([]);
    hearAgent(book, 'a', 'run', result(true));
    expect(hearAgent(book, 'a', 'run', result(false))).toEqual([]);
    expect(addCommand(book, command('a'))).toBe(false);
  });
  it('expire at created_at and their time to live, and not before', () => {
    const book = bookOf('a');
    addCommand(book, command('b', 10));
    expect(nextEndMs(book)).toBe(endOfCommandMs(command('b', 10)));
    expect(endOf(expireCommands(book, 109_999))).toEqual([]);
    expect(endOf(expireCommands(book, 110_000))).toEqual(['expired']);
    expect(nextEndMs(book)).toBe(160_000);
  });
  it('of an agent that is lost are offline, or have failed when they had begun', () => {
    const book = bookOf('a', 'b', 'c');
    sendQueued(book);
    hearAgent(book, 'b', 'run', { type: 'progress', percent: 1, message: '' });
    hearAgent(book, 'c', 'run', { type: 'ack', message: '' });
    expect(endOf(loseAgent(book))).toEqual(['offline', 'failed', 'failed']);
  });
  it('are bounded, those that are over too, and each ends once whatever comes', () => {
    const ids = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.tuple(
      fc.constantFrom('add', 'send', 'ack', 'progress', 'yes', 'no', 'cancel', 'expire', 'lose'),
      ids,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const book = newBook();
        const ended: string[] = [];
        for (const [what, id] of steps) {
          if (what === 'add') addCommand(book, command(id));
          for (const effect of effectsOf(book, what, id))
            if (effect.type === 'settled') ended.push(effect.id);
        }
        expect(new Set(ended).size).toBe(ended.length);
        expect(ended.every((id) => book.over.has(id) && !book.live.has(id))).toBe(true);
      }),
    );
    const full = bookOf(...Array.from({ length: commandsMax + 1 }, (_, at) => `${at}`));
    expect(full.live.size).toBe(commandsMax);
    const kept = newBook();
    for (let at = 0; at <= commandsKeptMax; at += 1) {
      addCommand(kept, command(`${at}`));
      cancelCommand(kept, `${at}`);
    }
    expect(kept.over.size).toBe(commandsKeptMax);
  });
});

function effectsOf(book: CommandBook, what: string, id: string): CommandEffect[] {
  if (what === 'send') return sendQueued(book);
  if (what === 'ack') return hearAgent(book, id, 'run', { type: 'ack', message: '' });
  if (what === 'progress') return hearAgent(book, id, 'run', { type: 'progress', percent: 5, message: '' });
  if (what === 'yes' || what === 'no') return hearAgent(book, id, 'run', result(what === 'yes'));
  if (what === 'cancel') return cancelCommand(book, id);
  if (what === 'expire') return expireCommands(book, 1e9);
  return what === 'lose' ? loseAgent(book) : [];
}
