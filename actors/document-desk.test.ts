import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ActorSystem, defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { memoryDocuments } from '../test/contract/memory-documents.ts';
import { type DocumentDeskNeeds, documentDesk } from './document-desk.ts';
import { documentsOpenOfSenderMax } from './limits.ts';
import type { DocumentDeskProtocol } from './messages.ts';

const tenantId = 'abcdefghijkl';
const asked = (key: string) => ({
  ...{
    key,
    sender: 'agent/a',
    agent: 'a',
    partition: 'default',
    kind: 'sync',
    service: 'netbox',
    totalBytes: null,
  },
});
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const playedTenant = defineActor<null, { start: []; call: Record<never, never>; cast: { confirm(): void } }>({
  name: 'tenant',
  init: () => null,
  call: {},
  cast: { confirm() {} },
});

/** Cores, each with a desk, over the same documents; the tenant is held by one of them. */
function stage() {
  const clock = manualClock();
  const documents = memoryDocuments(() => clock.wallMs());
  const state = { holder: 'core_1', epoch: 1 };
  const desks = new Map<string, { system: ActorSystem; ref: Ref<DocumentDeskProtocol> }>();
  for (const node of ['core_1', 'core_2']) {
    const system = new ActorSystem({ clock, node, boot: 1 });
    const tenant = system.spawn(playedTenant) as never;
    const cluster = {
      node,
      names: {
        register() {},
        list: () => [{ node: state.holder, metadata: { epoch: state.epoch } }],
      },
    } as unknown as DocumentDeskNeeds['cluster'];
    const tenantOf = () => (state.holder === node ? tenant : null);
    desks.set(node, {
      system,
      ref: system.spawn(documentDesk({ cluster, documents, tenantOf, received: () => {} })),
    });
  }
  const at = (node: string) => {
    const { system, ref } = desks.get(node)!;
    return { call: system.call(ref, 60_000), cast: system.cast(ref) };
  };
  /** What it is answered, or the code that it is refused with. */
  const told = async <T>(asking: Promise<T>): Promise<T | string> => {
    const answer = asking.catch((error: { code?: string; message: string }) => error.code ?? error.message);
    await clock.settle();
    return await answer;
  };
  return { documents, state, at, told, clock };
}

test('cut anyhow, doubled, and with cores that take over from each other, the document is whole and once', async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('part' as const),
      back: fc.nat({ max: 5 }),
      length: fc.integer({ min: 1, max: 9 }),
    }),
    fc.constant({ do: 'again' as const }),
    fc.constant({ do: 'move' as const }),
    fc.constant({ do: 'leave' as const }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 99 }), { maxLength: 20 }),
      fc.array(step, { maxLength: 25 }),
      async (items, steps) => {
        const { documents, state, at, told } = stage();
        const whole = Buffer.from(JSON.stringify(items));
        const open = async () => await told(at(state.holder).call.open(tenantId, asked('x')));
        let opened = (await open()) as { id: string; heldBytes: number };
        const part = async (from: number, length: number) => {
          const bytes = whole.subarray(from, from + length);
          if (bytes.length === 0) return;
          const kept = await told(at(state.holder).call.part(tenantId, opened.id, from, bytes));
          if (typeof kept !== 'string') opened.heldBytes = kept.heldBytes;
          else {
            // Not open at this core, or open under an epoch that is over.
            expect(['document_gone', 'standby']).toContain(kept);
            opened = (await open()) as typeof opened;
          }
        };
        for (const one of steps) {
          if (one.do === 'part') await part(Math.max(0, opened.heldBytes - one.back), one.length);
          else if (one.do === 'again') opened = (await open()) as typeof opened;
          else if (one.do === 'leave') at(state.holder).cast.left(tenantId, opened.id);
          else {
            state.holder = state.holder === 'core_1' ? 'core_2' : 'core_1';
            state.epoch += 1;
          }
        }
        for (let tries = 0; opened.heldBytes < whole.length && tries < 200; tries += 1)
          await part(opened.heldBytes, 7);
        const end = () => told(at(state.holder).call.end(tenantId, opened.id, whole.length, sha256(whole)));
        let ended = await end();
        if (typeof ended === 'string') {
          await open();
          ended = await end();
        }
        expect(ended).toEqual({ items: items.length });
        const [row, ...more] = await documents.list(tenantId, 10);
        expect(more).toEqual([]);
        expect(row).toMatchObject({ state: 'whole', totalBytes: whole.length, sha256: sha256(whole) });
        const read: Uint8Array[] = [];
        for (let at = 0; at < whole.length; at += read.at(-1)!.length)
          read.push((await documents.read(tenantId, row!.ordinal, at))!);
        expect(Buffer.concat(read).toString()).toBe(whole.toString());
      },
    ),
    { numRuns: 60 },
  );
});

test('a core that lost the tenant writes nothing more of it', async () => {
  const { documents, state, at, told } = stage();
  const opened = (await told(at('core_1').call.open(tenantId, asked('x')))) as { id: string };
  await told(at('core_1').call.part(tenantId, opened.id, 0, Buffer.from('[1')));
  state.holder = 'core_2';
  state.epoch = 2;
  expect(await told(at('core_1').call.open(tenantId, asked('y')))).toBe('standby');
  expect(await told(at('core_2').call.open(tenantId, asked('x')))).toMatchObject({ heldBytes: 2 });
  expect(await told(at('core_1').call.part(tenantId, opened.id, 2, Buffer.from(',9]')))).toBe('standby');
  expect(await told(at('core_2').call.part(tenantId, opened.id, 2, Buffer.from(']')))).toEqual({
    heldBytes: 3,
  });
  expect(await told(at('core_2').call.end(tenantId, opened.id, 3, sha256(Buffer.from('[1]'))))).toEqual({
    items: 1,
  });
  expect(await documents.list(tenantId, 9)).toHaveLength(1);
});

test('what does not agree with its hash, or is no array, is forgotten, and its id is free', async () => {
  const { documents, at, told } = stage();
  const { call } = at('core_1');
  for (const [text, said] of [
    ['[1,2]', '[1,3]'],
    ['{"a":1}', '{"a":1}'],
  ] as const) {
    const { id } = (await told(call.open(tenantId, asked('x')))) as { id: string };
    await told(call.part(tenantId, id, 0, Buffer.from(text)));
    expect(await told(call.end(tenantId, id, text.length, sha256(Buffer.from(said))))).toBe(
      'document_damaged',
    );
    expect(await documents.list(tenantId, 9)).toEqual([]);
  }
  expect(await told(call.open(tenantId, asked('x')))).toMatchObject({ heldBytes: 0 });
});

test('the same again is received again; another content under its id is a conflict', async () => {
  const { at, told } = stage();
  const { call } = at('core_1');
  const text = Buffer.from('[1,2]');
  const { id } = (await told(call.open(tenantId, asked('x')))) as { id: string };
  await told(call.part(tenantId, id, 0, text));
  await told(call.end(tenantId, id, 5, sha256(text)));
  expect(await told(call.open(tenantId, asked('x')))).toEqual({ id, heldBytes: 5 });
  expect(await told(call.end(tenantId, id, 5, sha256(text)))).toEqual({ items: 2 });
  expect(await told(call.end(tenantId, id, 5, sha256(Buffer.from('[1,3]'))))).toBe('document_conflict');
  expect(await told(call.part(tenantId, id, 5, text))).toBe('bad_document');
  expect(await told(call.open(tenantId, { ...asked('x'), kind: 'sweep' }))).toBe('document_conflict');
});

test('a sender has so many open at once, and what was left is not told from what is coming', async () => {
  const { at, told } = stage();
  const { call, cast } = at('core_1');
  for (let n = 0; n < documentsOpenOfSenderMax; n += 1)
    expect(await told(call.open(tenantId, asked(`x${n}`)))).toMatchObject({ heldBytes: 0 });
  expect(await told(call.open(tenantId, asked('more')))).toBe('too_many_documents');
  const { id } = (await told(call.open(tenantId, asked('x0')))) as { id: string };
  cast.left(tenantId, id);
  expect(await told(call.totals())).toMatchObject({ open: documentsOpenOfSenderMax });
  cast.forget(tenantId, id);
  await told(call.totals());
  expect(await told(call.open(tenantId, asked('more')))).toMatchObject({ heldBytes: 0 });
});
