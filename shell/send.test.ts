/** The answer of `send --call`, which may be of any size and hold what its reader does not see. */
import { expect, test } from 'vitest';
import { defineActor, type Ref } from '../runtime/index.ts';
import { sendCommand } from './commands/send.ts';
import { pieceCharactersMax } from './limits.ts';
import { loneNode } from './testing/lone-node.ts';

interface DoorProtocol {
  start: [answer: unknown];
  call: { ask(): unknown; nothing(): void };
  cast: Record<never, never>;
}

const door = defineActor<unknown, DoorProtocol>({
  name: 'door',
  init: (_self, answer) => answer,
  call: { ask: (self) => self.state, nothing() {} },
  cast: {},
});

const tenant = 'abcdefghijkl';

async function scene(answer: (strangers: Ref) => unknown) {
  const lone = loneNode();
  const { system, names } = lone.node;
  const stranger = system.spawn(door, null) as Ref;
  const ref = system.spawn(door, answer(stranger)) as Ref;
  names.register({ tenant, partition: 'default', kind: 'door', id: '1' }, ref, {});
  await lone.clock.settle();
  return { ...lone, ref, stranger };
}

test('a huge answer is written piece by piece as it is read, and whole', async () => {
  const rows = Array.from({ length: 20_000 }, (_, at) => ({ at, text: 'row' }));
  const { run, ref, node } = await scene(() => rows);
  const call = { node, scope: { operator: 'ann', tenant: null }, words: [String(ref.id), 'ask', '--call'] };
  const signal = new AbortController().signal;
  const output = sendCommand.run({ ...call, columns: 80, rows: 24, signal, ask: () => Promise.reject() });
  const pieces: string[] = [];
  for await (const piece of output) {
    // What is written later has not been looked at yet.
    if (pieces.length === 0) rows[19_999] = { at: 19_999, text: 'changed meanwhile' };
    pieces.push(piece);
  }
  expect(pieces.length).toBeGreaterThan(10);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(pieceCharactersMax);
  expect(JSON.parse(pieces.join(''))).toEqual(rows);
  expect((await run(sendCommand, `${ref.id} nothing --call`)).text).toBe('undefined\n');
});

test('an answer names no actor that the session does not see, and no secret', async () => {
  const { run, ref, stranger } = await scene((other) => ({ other, password: 'hidden' }));
  const say = async (of: string | null) => (await run(sendCommand, `${ref.id} ask --call`, of)).text;
  expect(JSON.parse(await say(null))).toEqual({ other: `ref ${stranger}`, password: '<redacted>' });
  expect(JSON.parse(await say(tenant))).toEqual({ other: 'ref', password: '<redacted>' });
});
