/**
 * How fast actors start, until each has run its `init`, and what an idle one costs in memory: the growth of the heap
 * over all of them, after a full collection, divided by their number. Beside us: OTP's gen_server and nact.
 */
import { ActorSystem, defineActor } from '../runtime/index.ts';
import type { Bench, Figures, Running } from './bench.ts';
import { heapBytes } from './heap.ts';
import { perSecond } from './ours/callers.ts';
import { openErlang } from './peers/erlang.ts';
import { openNact, spawned } from './peers/nact.ts';

const actors = 100_000;
/** nact copies the map of a parent's children at every message; a tenth of the number shows the same and ends. */
const nactActors = 10_000;

interface IdleProtocol {
  start: [started: { count: number; all: () => void }];
  call: Record<never, never>;
  cast: { tick(): void };
}

const idle = defineActor<null, IdleProtocol>({
  name: 'idle',
  init(_self, started) {
    started.count += 1;
    if (started.count === actors) started.all();
    return null;
  },
  call: {},
  cast: { tick() {} },
});

async function openOurs(): Promise<Running> {
  return {
    round: () =>
      heapOver(actors, async () => {
        const system = new ActorSystem();
        const startMs = performance.now();
        await new Promise<void>((resolve) => {
          const started = { count: 0, all: resolve };
          for (let n = 0; n < actors; n += 1) system.spawn(idle, started);
        });
        return { perS: perSecond(actors, performance.now() - startMs), alive: system };
      }),
    close: async () => {},
  };
}

/** Measures what is still alive when `start` is done; `alive` holds it until then. */
async function heapOver(
  count: number,
  start: () => Promise<{ perS: number; alive: unknown }>,
): Promise<Figures> {
  const before = heapBytes();
  const { perS, alive } = await start();
  const after = heapBytes();
  if (alive === null) throw new Error('nothing is alive');
  return { spawn_per_s: perS, idle_bytes: Math.max(0, after - before) / count };
}

export const spawn: Bench = {
  name: 'spawn',
  about: 'actors started a second, and bytes of an idle one, beside OTP and nact',
  figures: [
    { key: 'spawn_per_s', better: 'more' },
    { key: 'idle_bytes', better: 'less' },
  ],
  rounds: 5,
  contenders: [
    { name: 'ours', open: openOurs },
    { name: 'otp', open: () => openErlang(`spawn ${actors}`) },
    {
      name: 'nact',
      open: () => openNact((nact) => heapOver(nactActors, () => spawned(nact, nactActors))),
    },
  ],
};
