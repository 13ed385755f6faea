/**
 * The supervised child that a simulated cluster runs, as two kinds: `counter` hands its count over when it moves, `plain` does
 * not. Each tells the ledger when it begins, what it handed over, and why it ended.
 */
import type { ChildKind } from '../../cluster/index.ts';
import { defineActor } from '../../runtime/index.ts';
import { handoffKey, type Instance } from './child-ledger.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

export interface ChildProtocol {
  start: [id: string, serial: number, handed?: HandedCount | null];
  call: Record<never, never>;
  cast: { count(): void; crash(): void };
}

interface HandedCount {
  readonly serial: number;
  readonly value: number;
}

export function childKinds(world: World, life: Life): Record<string, ChildKind> {
  const handoff = (instance: Instance): HandedCount => {
    const { serial, value } = instance;
    const { children, loop } = world;
    instance.handedOff = true;
    children.counts.handed += 1;
    const { role } = life.site;
    const hasTaker = world.living().some((one) => one.site.role === role && one !== life && !one.leaving);
    children.handoffs.set(handoffKey(instance), {
      serial,
      value,
      from: life,
      atMs: loop.nowMs,
      isTaken: !hasTaker,
    });
    return { serial, value };
  };
  return {
    plain: { definition: definitionOf(world, life, 'plain') },
    counter: { definition: definitionOf(world, life, 'counter'), handoff },
  };
}

function definitionOf(world: World, life: Life, kind: string) {
  const { children, loop } = world;
  return defineActor<Instance, ChildProtocol>({
    name: `child ${kind}`,
    init(self, id, serial, handed = null) {
      if (children.isFailing(id, loop.nowMs)) {
        for (const watch of children.watches) watch.startFailed?.(life, id);
        throw new Error('asked to fail');
      }
      const instance: Instance = {
        ...{ id, serial, kind, life, ref: self.ref, sinceMs: loop.nowMs },
        ...{ value: handed?.value ?? 0, handedOff: false, crashing: false },
      };
      world.trace.say(loop.nowMs, life.name, `runs ${id} #${serial} as ${self.ref} with ${instance.value}`);
      void life.node.system.ended(self.ref).then((reason) => {
        world.trace.say(loop.nowMs, life.name, `${id} #${serial} of ${self.ref} ended: ${reason}`);
        children.ended(instance, reason, loop.nowMs);
      });
      children.began(instance, handed);
      return instance;
    },
    call: {},
    cast: {
      count(self) {
        self.state.value += 1;
      },
      crash(self) {
        self.state.crashing = true;
        children.counts.crashed += 1;
        throw new Error('asked to');
      },
    },
  });
}
