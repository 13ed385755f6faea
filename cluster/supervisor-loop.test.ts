/** What the loop does between the registry and the machine, with a registry that says what the test wants. */
import { expect, it } from 'vitest';
import { ActorSystem, defineActor, manualClock, Recorder, type Ref } from '../runtime/index.ts';
import { keyOfChild } from './child-spec.ts';
import type { Directory } from './directory.ts';
import { heldRecheckMs } from './limits.ts';
import type { RegistryKey } from './names.ts';
import { SupervisorLoop } from './supervisor-loop.ts';

interface Protocol {
  start: [];
  call: Record<never, never>;
  cast: { fail(): void };
}

function specOf(kind: string) {
  return { id: 'child', kind, role: 'core', args: [] };
}

/** The loop of node `a`, alone and with the child wanted as kind `one`; `holder`: who the registry says holds a name. */
async function running(holder: (key: RegistryKey) => string | null) {
  const clock = manualClock();
  const system = new ActorSystem({ node: 'a', boot: 1, clock, log: () => {} });
  const started: Ref<Protocol>[] = [];
  const definition = defineActor<null, Protocol>({
    name: 'child',
    init(self) {
      started.push(self.ref as Ref<Protocol>);
      return null;
    },
    call: {},
    cast: {
      fail() {
        throw new Error('asked to');
      },
    },
  });
  const names = {
    entry(key: RegistryKey) {
      const node = holder(key);
      return node === null ? null : { node };
    },
    unsupervise: () => null,
    supervise: () => true,
  } as unknown as Directory;
  const nothing = () => {};
  const members = { notice: nothing };
  const loop = new SupervisorLoop({
    ...{ system, role: 'core', names, recorder: new Recorder({ node: 'a', boot: 1, clock }), log: nothing },
    ...{ members, say: () => true, tellServing: nothing, report: nothing, drained: nothing },
  });
  const want = (kind: string) =>
    loop.step({
      type: 'wants',
      changes: [{ id: 'child', want: { spec: specOf(kind), version: kind, source: 'row' }, holder: null }],
    });
  loop.serve({ one: { definition }, two: { definition } }, 0);
  loop.step({ type: 'members', members: [{ name: 'a', role: 'core', boot: 1, live: true }] });
  want('one');
  await clock.advance(100);
  const child = loop.state.children.get('child')!;
  expect(child.phase).toBe('running');
  return { clock, system, loop, members, child, started, want };
}

it('does not start again what crashed while another node’s claim of its name stood behind its own', async () => {
  let holder: string | null = null;
  const { clock, system, loop, child, started } = await running(() => holder);
  holder = 'b';
  system.cast(started[0]!).fail();
  await clock.advance(2 * heldRecheckMs);
  expect(started).toHaveLength(1);
  expect(child).toMatchObject({ phase: 'held', heldBy: 'b' });
  holder = null;
  loop.nameSeen(keyOfChild(specOf('one')), null);
  await clock.advance(100);
  expect(started).toHaveLength(2);
  loop.end();
});

it('starts a child as another kind although another node holds the name that it had before', async () => {
  const { clock, loop, child, started, want } = await running(({ kind }) => (kind === 'one' ? 'b' : null));
  want('two');
  await clock.advance(100);
  expect(child).toMatchObject({ phase: 'running', holder: null });
  expect(started).toHaveLength(2);
  loop.end();
});

it('is told of a holder of the former name, and starts the child as another kind all the same', async () => {
  const { clock, loop, child, want } = await running(() => null);
  // Both in one turn: what was seen is gathered after the child is wanted otherwise.
  loop.nameSeen(keyOfChild(specOf('one')), 'b');
  want('two');
  await clock.advance(100);
  expect(child).toMatchObject({ phase: 'running', holder: null });
  loop.end();
});

it('starts nothing by what it knew before its process stood still, whatever it is told first after it', async () => {
  const { clock, system, loop, members, child, started } = await running(() => null);
  const both = ['a', 'b'].map((name) => ({ name, role: 'core', boot: 1, live: true }));
  loop.step({ type: 'members', members: both });
  // One crash too many: it is put off, and due again when the process goes on.
  for (let n = 0; child.phase !== 'failed'; n++) {
    system.cast(started[n]!).fail();
    await clock.advance(100);
  }
  const before = started.length;
  let isNoticed = false;
  members.notice = () => {
    if (isNoticed) return;
    isNoticed = true;
    loop.step({ type: 'stood_still', gapMs: 8_000 });
  };
  await clock.advance(child.dueMs - clock.monotonicMs() + heldRecheckMs);
  expect({ isNoticed, started: started.length }).toEqual({ isNoticed: true, started: before });
  loop.end();
});
