/** The journal of a node that has the database, on a real one: it goes away and comes back, and nothing is lost or twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../store/index.ts';
import { journalNode, pump, recovered } from '../../test/contract/journal-node.ts';
import { clock, phaseOf, scratchDir, startIn } from '../../test/contract/scratch-database.ts';
import type { SessionEvent } from '../ports/session-record.ts';
import { genesis, isFault, readEntry } from './entry.ts';
import { storeKeeper } from './keepers.ts';
import { verifyLines } from './verify.ts';

const dataDir = scratchDir();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-journal-'));
});
afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

const line = (text: string, access: string): SessionEvent => ({ type: 'line', run: 1, text, access });

test('with the database away reading is written down here, changing is refused, and both are in it once later', async () => {
  let server = await startIn(dataDir);
  const store = openStore({ url: server.url, phaseOf, clock });
  try {
    await store.migrate();
    const archive = store.sessionArchive;
    const node = journalNode(folder, storeKeeper(archive, 'poller_1'));
    const session = await node.records.open('s1');
    await pump(node, session.write(line('stop a', 'write'), 1));
    await server.stop();
    await session.write(line('nodes', 'read'), 2);
    const refused = session.write(line('stop b', 'write'), 3);
    await expect(pump(node, refused)).rejects.toMatchObject({ code: 'record_unreachable' });
    server = await startIn(dataDir);
    await recovered(node);
    await pump(node, session.write(line('stop c', 'write'), 4));
    const lines = await archive.lines({ node: 'poller_1' }, { boot: 0, seq: 0 }, 100);
    expect(verifyLines(lines, genesis)).toMatchObject({ fault: null, entries: 5 });
    const texts = lines.flatMap((one) => {
      const read = readEntry(one);
      return isFault(read) || read.entry.event.type !== 'line' ? [] : [read.entry.event.text];
    });
    expect(texts).toEqual(['stop a', 'nodes', 'stop b', 'stop c']);
    await node.close();
  } finally {
    await store.close();
    await server.stop();
  }
});
