/** Calls between all nodes of a cluster, a few at a time in each direction, until told to stop; every failure is kept. */
import { type Clock, defineActor, type Ref } from '../../runtime/index.ts';
import { callPauseMs, callsPerPair, failuresKeptMax } from './bounds.ts';
import type { RotatingNode } from './rotation-world.ts';

interface EchoProtocol {
  start: [];
  call: { echo(value: number): number };
  cast: Record<never, never>;
}

const echo = defineActor<null, EchoProtocol>({
  name: 'echo',
  init: () => null,
  call: { echo: (_self, value) => value },
  cast: {},
});

export interface Load {
  readonly failures: readonly string[];
  calls(): number;
  /** Nobody calls this node any more, and it calls nobody; what was under way has ended. */
  leave(name: string): Promise<void>;
  stop(): Promise<void>;
}

export function callsBetween(nodes: readonly RotatingNode[], clock: Clock, callMsMax: number): Load {
  const failures: string[] = [];
  const gone = new Set<string>();
  const callers: { readonly names: readonly string[]; readonly ended: Promise<void> }[] = [];
  let calls = 0;
  let stopped = false;
  const call = async (from: RotatingNode, to: string, ref: Ref<EchoProtocol>) => {
    while (!stopped && !gone.has(from.name) && !gone.has(to)) {
      const value = calls;
      calls += 1;
      try {
        const answer = await from.node.system.call(ref, callMsMax).echo(value);
        if (answer !== value) throw new Error(`answered ${answer} to ${value}`);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (failures.length < failuresKeptMax) failures.push(`${from.name} to ${to}: ${text}`);
      }
      await new Promise<void>((resolve) => void clock.timer(callPauseMs, resolve));
    }
  };
  for (const to of nodes) {
    const ref = to.node.system.spawn(echo);
    for (const from of nodes) {
      if (from === to) continue;
      for (let one = 0; one < callsPerPair; one += 1) {
        callers.push({ names: [from.name, to.name], ended: call(from, to.name, ref) });
      }
    }
  }
  const ended = async (of: typeof callers) => {
    await Promise.all(of.map((one) => one.ended));
  };
  return {
    failures,
    calls: () => calls,
    async leave(name) {
      gone.add(name);
      await ended(callers.filter(({ names }) => names.includes(name)));
    },
    async stop() {
      stopped = true;
      await ended(callers);
    },
  };
}
