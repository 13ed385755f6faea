/** The record of sessions on a real database: kept once, never changed, given up after its time, and nothing of it for others. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChainHead, genesis, nextEntry, type RecordedEvent } from '../shell/journal/entry.ts';
import { judgeReceived } from '../shell/journal/received.ts';
import { verifyLines } from '../shell/journal/verify.ts';
import type { SessionArchive } from '../shell/ports/session-archive.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant } from '../test/contract/store-setup.ts';
import { lint } from './lint.ts';
import { silentLog } from './log.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';

const from = { identity: 'spiffe://test/operator/ann', from: '127.0.0.1:5', tenant: null, mayWrite: false };
const opened = (operator: string): RecordedEvent => ({
  ...{ type: 'opened', operator, ...from },
  ...{ columns: 80, rows: 24 },
});
const line = (text: string): RecordedEvent => ({ type: 'line', run: 1, text, access: 'read' });
const closed: RecordedEvent = { type: 'closed', reason: 'exit' };

/** A node that writes sessions: lines as it would send them. */
function writer(node: string) {
  let head: ChainHead = genesis;
  return (session: string, events: readonly RecordedEvent[], atMs = clock.wallMs(), boot = 7): string[] =>
    events.map((event, at) => {
      const next = nextEntry(head, { node, boot, at: atMs + at, session, event });
      head = next.head;
      return next.line;
    });
}

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let db: Database;
    let archive: SessionArchive;
    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      db = createDatabase(openPool(database.server.url, 2, silentLog), clock, silentLog);
      archive = database.store.sessionArchive;
    });
    afterAll(async () => {
      await db?.close();
      await database?.close();
    });
    const keep = (node: string, lines: readonly string[]) => archive.keep(judgeReceived(lines, node));
    const all = { operator: null, node: null, sinceMs: null, limit: 100 };
    const start = { boot: 0, seq: 0 };

    test('entries are kept once however often they are sent, as they were written', async () => {
      const write = writer('core_1');
      const lines = write('s1', [opened('ann'), line('tree "x\\y" \u0000 {,} ü \ud800'), closed]);
      await keep('core_1', lines.slice(0, 2));
      await Promise.all([keep('core_1', lines), keep('core_1', lines)]);
      expect(await archive.lines({ session: 's1' }, start, 100)).toEqual(lines);
      expect(await archive.lines({ node: 'core_1' }, { boot: 7, seq: 1 }, 1)).toEqual(lines.slice(1, 2));
      expect(await archive.heads('core_1', [6, 7])).toEqual([{ boot: 7, seq: 3 }]);
      expect(verifyLines(await archive.lines({ node: 'core_1' }, start, 100), genesis).fault).toBeNull();
    });

    test('another entry in a place that is taken is refused, and the one that is there stays', async () => {
      const [first, other] = ['a', 'b'].map((text) => writer('core_2')('s2', [line(text)]));
      await keep('core_2', first!);
      await expect(keep('core_2', other!)).rejects.toMatchObject({ code: 'record_forked' });
      expect(await archive.lines({ session: 's2' }, start, 100)).toEqual(first);
    });

    test('sessions are found by who, where and when, with how they ended', async () => {
      const write = writer('core_3');
      await keep('core_3', write('s3', [opened('bea'), line('a'), line('b'), closed], 1_000_000));
      await keep('core_3', write('s4', [opened('bea'), line('c')], 2_000_000));
      const found = async (query: object) =>
        (await archive.sessions({ ...all, ...query })).map(({ session, lines }) => `${session} ${lines}`);
      expect(await found({ operator: 'bea' })).toEqual(['s4 1', 's3 2']);
      expect(await found({ node: 'core_3', sinceMs: 1_500_000 })).toEqual(['s4 1']);
      expect(await found({ operator: "bea' OR 1=1" })).toEqual([]);
      const [open, ended] = await archive.sessions({ ...all, node: 'core_3' });
      expect([open!.closed, ended!.closed === null, ended!.lastAtMs]).toEqual([null, false, 1_000_003]);
    });

    test('no row is changed or removed, by whoever owns the table', async () => {
      await keep('core_4', writer('core_4')('s5', [opened('ann'), closed]));
      const changes = [
        "UPDATE platform.session_record SET line = 'x' WHERE node = 'core_4'",
        "UPDATE platform.session_record SET kept_at = '2000-01-01' WHERE node = 'core_4'",
        "DELETE FROM platform.session_record WHERE node = 'core_4'",
        'TRUNCATE platform.session_record',
      ];
      for (const statement of changes) {
        const asked = db.asPlatform((unit) => unit.query(statement));
        await expect(asked).rejects.toMatchObject({ cause: { code: '42501' } });
      }
      expect(await archive.lines({ session: 's5' }, start, 100)).toHaveLength(2);
    });

    test('a tenant, and the writer, see nothing of it', async () => {
      const id = await newTenant({ ...database.store, expireSession: async () => {} });
      const ask = 'SELECT * FROM platform.session_record';
      await expect(db.asTenant(id, (unit) => unit.query(ask))).rejects.toMatchObject({
        code: 'query_failed',
      });
      await expect(db.asWriter((unit) => unit.query(ask))).rejects.toMatchObject({ code: 'query_failed' });
      expect(await lint(db)).toEqual([]);
    });

    test('what is older than a year may go, and the chain is whole from there on', async () => {
      const lines = writer('core_5')('s6', [opened('ann'), line('a'), line('b'), line('c'), closed]);
      const old = judgeReceived(lines.slice(0, 3), 'core_5');
      for (const row of old) {
        await db.asPlatform((unit) =>
          unit.query(
            `INSERT INTO platform.session_record (node, boot, seq, at, session, type, hash, line, kept_at)
             VALUES ($1, $2, $3, now(), $4, $5, $6, $7, now() - interval '400 days')`,
            [row.node, row.boot, row.seq, row.session, row.type, row.hash, row.line],
          ),
        );
      }
      await keep('core_5', lines);
      await expect(archive.prune(364, 'ann')).rejects.toMatchObject({ code: 'invalid_input' });
      expect(await archive.prune(500, 'ann')).toBe(0);
      expect(await archive.prune(365, 'ann')).toBe(3);
      expect(await archive.prune(365, 'ann')).toBe(0);
      const chain = (await archive.chains()).find(({ node }) => node === 'core_5');
      expect(chain).toMatchObject({ entries: 2, boot: 7, seq: 5, removed: { boot: 7, seq: 3 } });
      const left = await archive.lines({ node: 'core_5' }, start, 100);
      expect(verifyLines(left, chain!.removed).fault).toBeNull();
      expect(verifyLines(left, genesis).fault).toMatchObject({ code: 'missing' });
    });

    test('a page ends where an answer would be too large', async () => {
      const write = writer('core_6');
      const long = Array.from({ length: 30 }, (_, at) => line(`${at} ${'x'.repeat(50_000)}`));
      for (let at = 0; at < long.length; at += 5) await keep('core_6', write('s7', long.slice(at, at + 4)));
      const page = await archive.lines({ session: 's7' }, start, 100);
      expect(page.length).toBeGreaterThan(15);
      expect(page.length).toBeLessThan(24);
    });
  });
}
