/** The gateway's service for documents, and chunks of agents that do not know it, with a desk whose store is played. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentDeskProtocol } from '../../actors/messages.ts';
import { documentPartBytesMax, documentWindowBytes } from '../../edge/limits.ts';
import { openStage, playTenant, type Stage, tenantA } from '../../edge/testing/stage.ts';
import type { Ref } from '../../runtime/index.ts';
import type { memoryDocuments } from '../contract/memory-documents.ts';
import { PlainClient } from './plain-grpc.ts';
import { type Field, fieldsOf, message, textOf } from './plain-protobuf.ts';
import { playDesk } from './played-desk.ts';

const path = '/picket.edge.v1.Documents/Transfer';
const gateway = '/monitoring.AgentGatewayService';
const poller = '/monitoring.PollerService';

let stage: Stage;
let documents: ReturnType<typeof memoryDocuments>;
let desk: Ref<DocumentDeskProtocol>;
/** Null: the store takes everything at once. */
let store: Promise<void> | null = null;
const clients: PlainClient[] = [];

beforeEach(async () => {
  stage = await openStage();
  playTenant(stage, tenantA);
  ({ documents, desk } = playDesk(stage));
  const add = documents.add.bind(documents);
  documents.add = async (...of) => {
    await store;
    return await add(...of);
  };
});
afterEach(async () => {
  store = null;
  for (const client of clients.splice(0)) client.close();
  await stage.close();
});

async function dial(role = 'agent', id = 'branch-7'): Promise<PlainClient> {
  const client = await PlainClient.dial(stage.port, await stage.tlsOf(role, id));
  clients.push(client);
  return client;
}
const open = (id: string, ...more: Field[]) =>
  message([1, message([1, id], [2, 'sync'], [3, 'netbox'], ...more)]);
const part = (offset: number, data: Buffer) => message([2, message([1, offset], [2, data])]);
const end = (bytes: Buffer) =>
  message([3, message([1, bytes.length], [2, createHash('sha256').update(bytes).digest()])]);
/** Held bytes and credit. */
const held = (answer: Buffer) => {
  const fields = fieldsOf(fieldsOf(answer).get(1)![0] as Buffer);
  return [fields.get(1)?.[0] ?? 0, fields.get(2)?.[0]];
};
const list = () => documents.list(tenantA, 10);
const settled = () => stage.system.call(desk).totals();

describe('documents, by the numbers of the contract alone', () => {
  it('are opened, sent in parts with credit, and received when their hash agrees', async () => {
    const call = (await dial()).open(path);
    const whole = Buffer.from(JSON.stringify(Array.from({ length: 40_000 }, (_, n) => ({ ip: n }))));
    call.send(open('sync-1'));
    expect(held(await call.next())).toEqual([0, documentWindowBytes]);
    for (let at = 0; at < whole.length; at += documentPartBytesMax) {
      call.send(part(at, whole.subarray(at, at + documentPartBytesMax)));
      const bytes = Math.min(whole.length, at + documentPartBytesMax);
      expect(held(await call.next())).toEqual([bytes, bytes + documentWindowBytes]);
    }
    expect((await list())[0]).toMatchObject({ state: 'open', heldBytes: whole.length });
    call.send(end(whole));
    const received = fieldsOf(await call.next()).get(2)![0] as Buffer;
    expect(textOf(received, 1)).toBe('sync-1');
    expect([2, 3].map((field) => fieldsOf(received).get(field)![0])).toEqual([whole.length, 40_000]);
    // The next one by the same stream.
    call.send(open('sync-2'));
    expect(held(await call.next())).toEqual([0, documentWindowBytes]);
    call.send(part(0, Buffer.from('[]')));
    await call.next();
    call.send(end(Buffer.from('[]')));
    await call.next();
    call.finish();
    expect(await call.ended).toMatchObject({ status: 0 });
    expect((await list()).map(({ state, agent, sender, items }) => [state, agent, sender, items])).toEqual([
      ['whole', 'branch-7', 'agent/branch-7', 0],
      ['whole', 'branch-7', 'agent/branch-7', 40_000],
    ]);
  });

  it('go on where they are held when their stream broke', async () => {
    const client = await dial();
    const first = client.open(path);
    first.send(open('x'));
    await first.next();
    first.send(part(0, Buffer.from('[1,')));
    await first.next();
    first.finish();
    expect(await first.ended).toMatchObject({
      status: 3,
      detail: expect.stringContaining('stream_incomplete'),
    });
    const second = client.open(path);
    second.send(open('x'));
    expect(held(await second.next())).toEqual([3, 3 + documentWindowBytes]);
    second.send(part(3, Buffer.from('2]')));
    await second.next();
    second.send(end(Buffer.from('[1,2]')));
    expect(fieldsOf(await second.next()).has(2)).toBe(true);
  });

  it('are refused out of order, past the credit, in another kind, and from anybody but agents', async () => {
    const client = await dial();
    const cases: [Buffer[], number, string][] = [
      [[part(0, Buffer.from('['))], 3, 'bad_document: none is open'],
      [[open('a'), part(1, Buffer.from('['))], 3, 'bad_document: the part is at 1'],
      [[open('a'), part(0, Buffer.alloc(documentPartBytesMax + 1))], 3, 'bad_document: a part has'],
      [[open('a'), end(Buffer.from('['))], 3, 'bad_document: 0 bytes came'],
      [[message([1, message([1, 'a'], [2, 'log'], [3, 's'])])], 3, 'bad_document: a document is of kind'],
      [[open('a', [4, 2 ** 31])], 8, 'too_large'],
      [[Buffer.alloc(documentPartBytesMax * 2)], 8, 'too_large'],
      [[Buffer.from([0xff])], 3, 'bad_message'],
    ];
    for (const [messages, status, detail] of cases) {
      const call = client.open(path);
      for (const one of messages) call.send(one);
      expect(await call.ended, detail).toMatchObject({ status, detail: expect.stringContaining(detail) });
    }
    const stranger = (await dial('poller', 'p-1')).open(path);
    stranger.send(open('a'));
    expect(await stranger.ended).toMatchObject({ status: 7 });
  });

  it('wait while the store stands still: one part is on its way, the rest is the sender’s', async () => {
    let go = () => {};
    store = new Promise((resolve) => {
      go = resolve;
    });
    const call = (await dial()).open(path);
    call.send(open('x'));
    await call.next();
    const piece = Buffer.alloc(documentPartBytesMax, 0x20);
    // Past what it may send, which a sender of ours does not.
    for (let at = 0; at < 12; at += 1) call.send(part(at * piece.length, piece));
    await settled();
    expect((await list())[0]).toMatchObject({ heldBytes: 0 });
    expect(call.unsentBytes).toBeGreaterThan(6 * documentPartBytesMax);
    expect(stage.door.totals().heldBytes).toBe(documentWindowBytes);
    go();
    // The window moves with what is stored.
    for (let stored = 1; stored <= 12; stored += 1)
      expect(held(await call.next())[0]).toBe(stored * documentPartBytesMax);
    call.reset();
    await call.ended;
  });
});

describe('chunks of who knows nothing of documents', () => {
  const chunk = (index: number, total: number, ...items: Buffer[]) =>
    message(...items.map((one): Field => [1, one]), [7, index === total - 1], [8, index], [9, total]);
  const item = (text: string, type = 'sync', name = 'netbox') =>
    message([1, name], [2, true], [3, text], [4, type], [9, 'results']);

  it('become one document of each service when the last has come', async () => {
    const call = (await dial()).open(`${gateway}/StreamStatus`);
    call.send(chunk(0, 3, item('[{"a":1},{"a":2}]'), item('{"network":"n","hosts":[1]}', 'sweep', 'lan')));
    call.send(chunk(1, 3, item('[]'), item('{"network":"n","hosts":[2]}', 'sweep', 'lan')));
    call.send(chunk(2, 3, item('[{"a":3}]'), item('', 'sweep', 'nothing new'), item('[1]', 'mapper')));
    call.finish();
    expect(await call.ended).toMatchObject({ status: 0, messages: [message([1, true])] });
    const rows = await list();
    const texts = await Promise.all(rows.map(({ ordinal }) => documents.read(tenantA, ordinal, 0)));
    const found = rows.map(({ kind, service, items, state }, at) => [
      kind,
      service,
      items,
      state,
      String(Buffer.from(texts[at]!)),
    ]);
    expect(found.sort()).toEqual([
      ['sweep', 'lan', 2, 'whole', '[{"network":"n","hosts":[1]},{"network":"n","hosts":[2]}]'],
      ['sync', 'netbox', 3, 'whole', '[{"a":1},{"a":2},{"a":3}]'],
    ]);
    expect(stage.door.totals()).toMatchObject({ refused: { no_taker: 1 }, heldBytes: 0 });
  });

  it('store nothing without their last chunk, out of order, or when they are no JSON', async () => {
    const client = await dial();
    const large = JSON.stringify(Array.from({ length: 60_000 }, (_, n) => n));
    const cases: [Buffer[], string][] = [
      [[chunk(0, 2, item(large))], 'stream_incomplete'],
      [[chunk(0, 3, item(large)), chunk(2, 3, item('[1]'))], 'bad_chunk'],
      [[chunk(0, 2, item(large)), chunk(1, 2, item('[1'))], 'document_damaged'],
      [[chunk(0, 2, item(large)), chunk(1, 2, item('nothing'))], 'document_damaged'],
    ];
    for (const [chunks, detail] of cases) {
      const call = client.open(`${gateway}/StreamStatus`);
      for (const one of chunks) call.send(one);
      call.finish();
      expect(await call.ended).toMatchObject({ detail: expect.stringContaining(detail) });
      await settled();
      expect(await list(), detail).toEqual([]);
    }
    expect(stage.door.totals().heldBytes).toBe(0);
  });

  it('an older poller cuts a message by its bytes, also over its chunks', async () => {
    const client = await dial('poller', 'p-1');
    const text = '[{"ip":"192.0.2.1","n":"a]b"},{"ip":"192.0.2.2"}]';
    const place: Field[] = [
      [2, 'p-1'],
      [5, 'default'],
      [6, '192.0.2.9'],
    ];
    const call = client.open(`${poller}/StreamStatus`);
    const own = (from: number, to: number) =>
      message([1, 'netbox'], [3, text.slice(from, to)], [4, 'sync'], [6, 'a-3'], [9, 'results']);
    call.send(message([1, own(0, 9)], [1, own(9, 20)], ...place, [7, false], [8, 0], [9, 2]));
    call.send(message([1, own(20, text.length)], ...place, [7, true], [8, 1], [9, 2]));
    call.finish();
    expect(await call.ended).toMatchObject({ status: 0 });
    const [row] = await list();
    expect(row).toMatchObject({ items: 2, agent: 'a-3', sender: 'poller/p-1', state: 'whole' });
    expect(String(Buffer.from((await documents.read(tenantA, row!.ordinal, 0))!))).toBe(text);
  });

  it('a push has its documents whole', async () => {
    const client = await dial();
    const answer = await client.unary(`${gateway}/PushStatus`, message([1, item('[1,2]')], [1, item('[3]')]));
    expect(answer).toMatchObject({ status: 0 });
    expect(await list()).toMatchObject([{ items: 3, state: 'whole' }]);
    await client.unary(`${gateway}/PushStatus`, message([1, item('[1,2]')]));
    expect(await list()).toHaveLength(2);
  });
});
