/** What every DocumentStore and DocumentShelf promise: built in order by one epoch, seen whole, bounded, and removed in time. */
import { expect, test } from 'vitest';
import type {
  DocumentShelf,
  DocumentStore,
  NewDocument,
  StoredDocument,
} from '../../actors/ports/document-store.ts';

export interface DocumentSetup {
  documents: DocumentStore & DocumentShelf;
  newTenant(): Promise<string>;
}

const bounds = { openOfSenderMax: 3, openOfTenantMax: 5, heldBytesMax: 1_000 };
const sha256 = 'a'.repeat(64);
let made = 0;

const newDocument = (given: Partial<NewDocument> = {}): NewDocument => {
  made += 1;
  return {
    ...{ id: `doc_${made}`, sender: 'agent/site_1', agent: 'site_1', partition: 'north', kind: 'sync' },
    ...{ service: 'netbox', totalBytes: null, ...given },
  };
};
const bytes = (text: string) => new TextEncoder().encode(text);

export function documentStoreContract(setupOf: () => DocumentSetup): void {
  const claimed = async (epoch = 1) => {
    const { documents, newTenant } = setupOf();
    const tenantId = await newTenant();
    const place = { tenantId, epoch };
    expect(await documents.claim(place)).toBe(true);
    return { documents, tenantId, place };
  };
  const opened = async (
    documents: DocumentStore,
    place: { tenantId: string; epoch: number },
    asked = newDocument(),
  ) => (await documents.open(place, asked, bounds)) as StoredDocument;

  test('a document grows in order, is found again where it was, and is whole when it is finished', async () => {
    const { documents, tenantId, place } = await claimed();
    const asked = newDocument({ totalBytes: 7 });
    const one = await opened(documents, place, asked);
    expect(one).toMatchObject({ ...asked, state: 'open', heldBytes: 0, sha256: null, receivedAtMs: null });
    const { ordinal } = one;
    const add = (atByte: number, text: string) =>
      documents.add(place, { ordinal, atByte, bytes: bytes(text) }, bounds.heldBytesMax);
    expect(await add(0, '[1,')).toEqual({ heldBytes: 3 });
    expect(await add(0, '[1,')).toEqual({ refused: 'not_there' });
    expect(await add(5, '2]')).toEqual({ refused: 'not_there' });
    expect(await opened(documents, place, asked)).toMatchObject({ ordinal, heldBytes: 3 });
    expect(await add(3, '200]')).toEqual({ heldBytes: 7 });
    const whole = { ordinal, totalBytes: 7, sha256, items: 2 };
    expect(await documents.finish(place, { ...whole, totalBytes: 6 })).toEqual({ refused: 'not_there' });
    expect(await documents.finish(place, whole)).toMatchObject({
      state: 'whole',
      totalBytes: 7,
      items: 2,
      sha256,
    });
    expect(await documents.finish(place, whole)).toEqual({ refused: 'not_there' });
    expect(await add(7, 'x')).toEqual({ refused: 'not_there' });
    const found = await documents.find(tenantId, asked.id);
    expect(found).toMatchObject({ state: 'whole', heldBytes: 7 });
    expect(found!.receivedAtMs).toBeGreaterThanOrEqual(found!.openedAtMs);
    expect(await documents.list(tenantId, 10)).toEqual([found]);
    expect(await documents.find(tenantId, 'doc_none')).toBeNull();
  });

  test('what is read is what was added, from any byte on, a part at a time', async () => {
    const { documents, tenantId, place } = await claimed();
    const { ordinal } = await opened(documents, place);
    // Every value of a byte, none of them text.
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    await documents.add(place, { ordinal, atByte: 0, bytes: all.subarray(0, 100) }, bounds.heldBytesMax);
    await documents.add(place, { ordinal, atByte: 100, bytes: all.subarray(100) }, bounds.heldBytesMax);
    const read = (atByte: number) => documents.read(tenantId, ordinal, atByte);
    for (const [from, to] of [
      [0, 100],
      [42, 100],
      [100, 256],
      [255, 256],
    ] as const)
      expect([...(await read(from))!]).toEqual([...all.subarray(from, to)]);
    expect(await read(256)).toBeNull();
    await expect(documents.read(tenantId, 999_999, 0)).rejects.toMatchObject({ code: 'no_such_document' });
  });

  test('an earlier epoch writes nothing once a later one was here', async () => {
    const { documents, tenantId, place } = await claimed(3);
    const asked = newDocument();
    const { ordinal } = await opened(documents, place, asked);
    const later = { tenantId, epoch: 4 };
    expect(await documents.add(later, { ordinal, atByte: 0, bytes: bytes('x') }, 9)).toEqual({
      refused: 'fenced',
    });
    expect(await documents.claim(later)).toBe(true);
    expect(await documents.claim(later)).toBe(true);
    expect(await documents.claim(place)).toBe(false);
    expect(await documents.open(place, newDocument(), bounds)).toEqual({ refused: 'fenced' });
    expect(await documents.add(place, { ordinal, atByte: 0, bytes: bytes('[]') }, 9)).toEqual({
      refused: 'fenced',
    });
    await documents.add(later, { ordinal, atByte: 0, bytes: bytes('[]') }, bounds.heldBytesMax);
    const whole = { ordinal, totalBytes: 2, sha256, items: 0 };
    expect(await documents.finish(place, whole)).toEqual({ refused: 'fenced' });
    await documents.discard(place, ordinal);
    expect(await documents.finish(later, whole)).toMatchObject({ state: 'whole' });
  });

  test('open documents are bounded by sender and tenant, and bytes by tenant', async () => {
    const { documents, place } = await claimed();
    const mine = [newDocument(), newDocument(), newDocument()];
    const rows: StoredDocument[] = [];
    for (const one of mine) rows.push(await opened(documents, place, one));
    expect(await documents.open(place, newDocument(), bounds)).toEqual({ refused: 'too_many_open' });
    expect(await opened(documents, place, mine[0])).toMatchObject({ ordinal: rows[0]!.ordinal });
    for (const sender of ['agent/b', 'agent/c']) await opened(documents, place, newDocument({ sender }));
    const another = newDocument({ sender: 'agent/d' });
    expect(await documents.open(place, another, bounds)).toEqual({ refused: 'too_many_open' });
    const full = new Uint8Array(600).fill(0x20);
    const [first, second] = rows.map(({ ordinal }) => ordinal);
    await documents.add(place, { ordinal: first!, atByte: 0, bytes: full }, bounds.heldBytesMax);
    const more = { ordinal: second!, atByte: 0, bytes: full };
    expect(await documents.add(place, more, bounds.heldBytesMax)).toEqual({ refused: 'no_room' });
    // Room comes back with what is discarded, and so does its id.
    await documents.discard(place, first!);
    expect(await documents.add(place, more, bounds.heldBytesMax)).toEqual({ heldBytes: 600 });
    expect(await opened(documents, place, mine[0])).toMatchObject({ heldBytes: 0 });
  });

  test('what is over is removed, whole or not, and the rest stays', async () => {
    const { documents, tenantId, place } = await claimed();
    const [old, half] = [await opened(documents, place), await opened(documents, place)];
    for (const { ordinal } of [old, half])
      await documents.add(place, { ordinal, atByte: 0, bytes: bytes('[]') }, bounds.heldBytesMax);
    await documents.finish(place, { ordinal: old.ordinal, totalBytes: 2, sha256, items: 0 });
    const day = 86_400_000;
    await documents.purge(day, day);
    expect(await documents.list(tenantId, 10)).toHaveLength(2);
    expect((await documents.purge(day, 0)).unfinished).toBeGreaterThanOrEqual(1);
    expect((await documents.list(tenantId, 10)).map(({ id }) => id)).toEqual([old.id]);
    expect((await documents.purge(0, 0)).whole).toBeGreaterThanOrEqual(1);
    expect(await documents.list(tenantId, 10)).toEqual([]);
    await expect(documents.read(tenantId, old.ordinal, 0)).rejects.toMatchObject({
      code: 'no_such_document',
    });
  });

  test('of two tenants neither has anything of the other', async () => {
    const [a, b] = [await claimed(), await claimed()];
    const asked = newDocument();
    const one = await opened(a.documents, a.place, asked);
    expect(await b.documents.find(b.tenantId, asked.id)).toBeNull();
    const other = await opened(b.documents, b.place, asked);
    await a.documents.add(
      a.place,
      { ordinal: one.ordinal, atByte: 0, bytes: bytes('a') },
      bounds.heldBytesMax,
    );
    expect(await opened(b.documents, b.place, asked)).toMatchObject({ ordinal: other.ordinal, heldBytes: 0 });
  });
}
