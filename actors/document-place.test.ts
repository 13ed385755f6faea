import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentIdOf, judgeDocument, judgeEnd, judgeSame, placePart } from './document-place.ts';
import { documentBytesMax, documentPartBytesMax } from './limits.ts';
import type { NewDocument, StoredDocument } from './ports/document-store.ts';

const asked = {
  ...{ key: 'sync-1', sender: 'agent/site_1', agent: 'site_1', partition: 'north', kind: 'sync' },
  ...{ service: 'netbox', totalBytes: null },
};
const stored = (given: Partial<StoredDocument> = {}): StoredDocument => ({
  ...(judgeDocument(asked) as NewDocument),
  ...{
    ordinal: 1,
    state: 'open',
    heldBytes: 0,
    sha256: null,
    items: null,
    receivedAtMs: null,
    openedAtMs: 0,
  },
  ...given,
});

test('parts in any order, doubled, overlapping and cut anywhere build the same document, and never leave a gap', () => {
  const part = fc.record({ offset: fc.nat({ max: 60 }), length: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.array(part), (whole, parts) => {
      let held = new Uint8Array();
      const give = (offset: number, length: number) => {
        const bytes = whole.subarray(offset, offset + length);
        if (bytes.length === 0) return;
        const fit = placePart(
          { heldBytes: held.length, totalBytes: null, state: 'open' },
          offset,
          bytes.length,
        );
        if ('code' in fit) {
          expect(fit.code).toBe('document_gone');
          expect(offset).toBeGreaterThan(held.length);
        } else if (fit.type === 'new') held = Uint8Array.from([...held, ...bytes.subarray(fit.skip)]);
        expect(held).toEqual(whole.subarray(0, held.length));
      };
      for (const { offset, length } of parts) give(offset, length);
      // Whoever goes on where it is held brings it to its end.
      while (held.length < whole.length) give(held.length, 7);
      expect(held).toEqual(whole);
    }),
  );
});

test('a part is bounded, and a document is', () => {
  const there = stored({ heldBytes: documentBytesMax - 1 });
  const code = (offset: number, length: number, of = there) => {
    const fit = placePart(of, offset, length);
    return 'code' in fit ? fit.code : fit.type;
  };
  expect(code(documentBytesMax - 1, 1)).toBe('new');
  expect(code(documentBytesMax - 1, 2)).toBe('too_large');
  expect(code(0, documentPartBytesMax + 1)).toBe('bad_document');
  for (const [offset, length] of [
    [0, 0],
    [-1, 5],
    [0.5, 5],
    [Number.NaN, 1],
    [2 ** 60, 1],
  ] as const)
    expect(code(offset, length)).toBe('bad_document');
  expect(code(5, 6, stored({ heldBytes: 5, totalBytes: 10 }))).toBe('bad_document');
});

test('an id is of its sender, its partition, its agent and its key, and the same for the same', () => {
  const id = documentIdOf(asked);
  expect(id).toMatch(/^doc_[0-9a-f]{26}$/);
  expect(documentIdOf({ ...asked, kind: 'sweep', service: 'x', totalBytes: 4 })).toBe(id);
  for (const other of [
    { key: 'sync-2' },
    { sender: 'poller/site_1' },
    { agent: 'b' },
    { partition: 'south' },
  ])
    expect(documentIdOf({ ...asked, ...other })).not.toBe(id);
});

test.each([
  [{ kind: 'log' }, 'bad_document'],
  [{ key: '' }, 'bad_document'],
  [{ key: 'a\nb' }, 'bad_document'],
  [{ service: 'x'.repeat(256) }, 'bad_document'],
  [{ totalBytes: -1 }, 'bad_document'],
  [{ totalBytes: 1.5 }, 'bad_document'],
  [{ totalBytes: documentBytesMax + 1 }, 'too_large'],
])('%j is refused with %s', (given, code) => {
  expect(judgeDocument({ ...asked, ...given })).toMatchObject({ code });
});

test('another document under the id of one is a conflict; one that says less is the same', () => {
  const same = judgeDocument(asked) as NewDocument;
  expect(judgeSame(stored({ totalBytes: 7 }), same)).toBeNull();
  expect(judgeSame(stored(), { ...same, totalBytes: 7 })).toBeNull();
  expect(judgeSame(stored({ totalBytes: 8 }), { ...same, totalBytes: 7 })).toMatchObject({
    code: 'document_conflict',
  });
  expect(judgeSame(stored({ kind: 'sweep' }), same)).toMatchObject({ code: 'document_conflict' });
  expect(judgeSame(stored({ service: 'armis' }), same)).toMatchObject({ code: 'document_conflict' });
});

test('it ends where it is held, and nowhere else', () => {
  expect(judgeEnd(stored({ heldBytes: 9 }), 9)).toBeNull();
  expect(judgeEnd(stored({ heldBytes: 9 }), 8)).toMatchObject({ code: 'document_conflict' });
  expect(judgeEnd(stored({ heldBytes: 9 }), 10)).toMatchObject({ code: 'document_gone' });
  expect(judgeEnd(stored({ heldBytes: 9, totalBytes: 10 }), 9)).toMatchObject({ code: 'bad_document' });
});
