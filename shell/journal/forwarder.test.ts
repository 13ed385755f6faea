/** What a node wrote reaches a core once each, in order, through lost links, refusals and deaths; lines that change something wait for it. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { journalNode, pump, recovered } from '../../test/contract/journal-node.ts';
import type { RecordKeeper } from '../ports/record-keeper.ts';
import type { ArchivedLine } from '../ports/session-archive.ts';
import type { SessionEvent } from '../ports/session-record.ts';
import { genesis, isFault, readEntry } from './entry.ts';
import { RecordedError } from './errors.ts';
import { forwardedLinesMax, lineKeptWaitMs, outputKeptCharactersMax } from './limits.ts';
import { judgeReceived } from './received.ts';
import { verifyLines } from './verify.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-forward-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A core: keeps by key, refuses while `away`, and may die behind the write and before its answer. */
class PlayedCore implements RecordKeeper {
  readonly kept = new Map<string, ArchivedLine>();
  away = false;
  dumb = 0;
  greatest = 0;
  refuses: (line: ArchivedLine) => boolean = () => false;

  heads(boots: readonly number[]) {
    this.requireThere();
    const seqs = (boot: number) =>
      [...this.kept.values()].filter((row) => row.boot === boot).map(({ seq }) => seq);
    return Promise.resolve(
      boots.filter((boot) => seqs(boot).length > 0).map((boot) => ({ boot, seq: Math.max(...seqs(boot)) })),
    );
  }

  keep(lines: readonly string[]) {
    this.requireThere();
    this.greatest = Math.max(this.greatest, lines.length);
    const rows = judgeReceived(lines, 'poller_1');
    if (rows.some(this.refuses)) throw new RecordedError('record_forked', 'another entry is there');
    for (const row of rows) this.kept.set(`${row.boot} ${row.seq}`, row);
    if (this.dumb > 0) {
      this.dumb -= 1;
      throw new Error('the link was lost');
    }
    return Promise.resolve();
  }

  lines(): string[] {
    return [...this.kept.values()].sort((a, b) => a.boot - b.boot || a.seq - b.seq).map(({ line }) => line);
  }

  events(): string[] {
    return this.lines().flatMap((line) => {
      const read = readEntry(line);
      return isFault(read) || read.entry.event.type !== 'line' ? [] : [read.entry.event.text];
    });
  }

  private requireThere(): void {
    if (this.away) throw new Error('no core is up');
  }
}

const nodeWith = (core: RecordKeeper, boot = 1) => journalNode(folder, core, boot);

const line = (text: string, access = 'read'): SessionEvent => ({ type: 'line', run: 1, text, access });

test('what was written before the core was there is brought when it comes, once each and in order', async () => {
  const core = new PlayedCore();
  core.away = true;
  const node = nodeWith(core);
  const session = await node.records.open('s1');
  for (let at = 0; at < forwardedLinesMax + 20; at += 1) await session.write(line(`${at}`), at);
  expect(core.lines()).toEqual([]);
  core.away = false;
  core.dumb = 1;
  await node.close();
  core.dumb = 0;
  const next = nodeWith(core, 2);
  await next.close();
  expect(core.events()).toEqual(Array.from({ length: forwardedLinesMax + 20 }, (_, at) => `${at}`));
  expect(core.greatest).toBe(forwardedLinesMax);
  expect(verifyLines(core.lines(), genesis).fault).toBeNull();
});

test('a line that changes something waits for a core, and is refused when none comes; reading goes on', async () => {
  const core = new PlayedCore();
  const node = nodeWith(core);
  const session = await node.records.open('s1');
  await pump(node, session.write(line('stop x', 'write'), 1));
  expect(core.events()).toEqual(['stop x']);
  core.away = true;
  await session.write(line('nodes'), 2);
  const startMs = node.clock.monotonicMs();
  const refused = session.write(line('restart y', 'eval'), 3);
  await expect(pump(node, refused)).rejects.toMatchObject({ code: 'record_unreachable' });
  expect(node.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(lineKeptWaitMs);
  core.away = false;
  await recovered(node);
  await pump(node, session.write(line('stop z', 'write'), 4));
  expect(core.events()).toEqual(['stop x', 'nodes', 'restart y', 'stop z']);
  expect(node.logged).toEqual([
    'the record of sessions waits for a core',
    'the record of sessions reaches a core again',
  ]);
  await node.close();
});

test('a core that died behind the write has the entry once, and the line runs', async () => {
  const core = new PlayedCore();
  const node = nodeWith(core);
  core.dumb = 2;
  const session = await node.records.open('s1');
  await pump(node, session.write(line('stop x', 'write'), 1));
  await node.close();
  expect(core.events()).toEqual(['stop x']);
});

test('what a core has otherwise keeps nothing else back', async () => {
  const core = new PlayedCore();
  core.refuses = ({ seq }) => seq === 3;
  const node = nodeWith(core);
  const session = await node.records.open('s1');
  await session.write(line('a'), 1);
  const refused = session.write(line('b', 'write'), 2);
  await expect(pump(node, refused)).rejects.toMatchObject({ code: 'record_unreachable' });
  await pump(node, session.write(line('c', 'write'), 3));
  await node.close();
  expect(core.events()).toEqual(['a', 'c']);
});

test('a damaged entry on the disk is left out, said, and missed by who verifies', async () => {
  const core = new PlayedCore();
  core.away = true;
  const before = nodeWith(core);
  const session = await before.records.open('s1');
  for (const text of ['a', 'b', 'c']) await session.write(line(text), 1);
  await before.close();
  const path = join(folder, readdirSync(folder)[0]!);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"text":"b"', '"text":"x"'));
  appendFileSync(path, 'torn');
  core.away = false;
  const after = nodeWith(core, 2);
  await after.close();
  expect(core.events()).toEqual(['a', 'c']);
  expect(after.logged).toEqual(['an entry of the journal is damaged: it goes to no core']);
  expect(verifyLines(core.lines(), genesis).fault).toMatchObject({ code: 'missing', seq: 4 });
});

test('of the output of a line so much is kept, and how much was not', async () => {
  const core = new PlayedCore();
  const node = nodeWith(core);
  const session = await node.records.open('s1');
  await session.write({ type: 'output', run: 1, text: 'x'.repeat(outputKeptCharactersMax - 5) }, 1);
  await session.write({ type: 'output', run: 1, text: 'y'.repeat(25) }, 2);
  await session.write({ type: 'ended', run: 1, code: 'ok' }, 3);
  await session.write({ type: 'closed', reason: 'exit' }, 4);
  await expect(session.write(line('late'), 5)).rejects.toMatchObject({ code: 'record_failed' });
  await node.close();
  const read = core.lines().flatMap((one) => {
    const entry = readEntry(one);
    return isFault(entry) ? [] : [entry.entry.event];
  });
  const shown = read.map((event) => (event.type === 'output' ? event.text : '')).join('');
  expect(shown).toHaveLength(outputKeptCharactersMax);
  expect(read.slice(-3)).toEqual([
    { type: 'output_cut', run: 1, characters: 20 },
    { type: 'ended', run: 1, code: 'ok' },
    { type: 'closed', reason: 'exit' },
  ]);
});

test('a node sends nothing in the name of another, and nothing that is no entry', () => {
  const core = new PlayedCore();
  core.away = true;
  const codes = [['x'], [], 'no', [3], Array.from({ length: 501 }, () => '')].map((lines) => {
    try {
      judgeReceived(lines, 'poller_1');
      return 'taken';
    } catch (error) {
      return (error as RecordedError).code;
    }
  });
  expect(new Set(codes)).toEqual(new Set(['record_malformed']));
});
