/** What the loop does between the registry and the machine, with a registry that says what the test wants. */
import { expect, it } from 'vitest';
import { ActorSystem, defineActor, manualClock, Recorder, type Ref } from '../runtime/index.ts';
import type { Directory } from './directory.ts';
import { heldRecheckMs } from './limits.ts';
import { SupervisorLoop } from './supervisor-loop.ts';

interface Protocol {
  start: [];
  call: Record<never, never>;
  cast: { fail(): void };
}

it('does not start again what crashed while another node’s claim of its name stood behind its own', async () => {
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
  let holder: { node: string } | null = null;
  const names = {
    entry: () => holder,
    unsupervise: () => null,
    supervise: () => true,
  } as unknown as Directory;
  const nothing = () => {};
  const loop = new SupervisorLoop({
    ...{
      system,
      role: 'core',
      names,
      recorder: new Recorder({ node: 'a', boot: 1, clock }),
      log: nothing,
      say: () => true,
    },
    ...{ tellServing: nothing, report: nothing, drained: nothing },
  });
  loop.serve({ one: { definition } }, 0);
  loop.step({ type: 'members', members: [{ name: 'a', role: 'core', boot: 1, live: true }] });
  const spec = { id: 'child', kind: 'one', role: 'core', args: [] };
  loop.step({
    type: 'wants',
    changes: [{ id: 'child', want: { spec, version: 'v1', source: 'row' }, holder: null }],
  });
  await clock.advance(100);
  expect(loop.state.children.get('child')?.phase).toBe('running');
  holder = { node: 'b' };
  system.cast(started[0]!).fail();
  await clock.advance(2 * heldRecheckMs);
  expect(started).toHaveLength(1);
  expect(loop.state.children.get('child')).toMatchObject({ phase: 'held', heldBy: 'b' });
  holder = null;
  loop.nameSeen('child', null);
  await clock.advance(100);
  expect(started).toHaveLength(2);
  loop.end();
});
