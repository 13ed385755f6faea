/**
 * What looking into a busy node costs it: the longest stall of its loop while an actor with 100 MB of state is inspected and
 * 10 MB of it are printed, while the tree and the activity of 100,000 actors are walked, and what a trace at its limit takes of
 * the messages of an actor. In the bench's own process, with the pieces pulled as fast as they come.
 */
import {
  ActorSystem,
  ActorTrace,
  actorRows,
  allActors,
  defineActor,
  inspectActor,
  lookAtActivity,
  noMarks,
  paced,
  pacedResult,
  printed,
  stateOf,
  systemClock,
  treeLines,
} from '../runtime/index.ts';
import type { Bench, Running } from './bench.ts';
import {
  burstMessages,
  lookActors,
  lookPrintCharacters,
  lookStateBytes,
  lookTraceMessages,
  lookTraceTurns,
} from './limits.ts';
import { counter } from './ours/counter.ts';
import { longestStallMs } from './stall.ts';

const holder = defineActor<
  unknown,
  { start: [state: unknown]; call: Record<never, never>; cast: Record<never, never> }
>({
  ...{ name: 'holder', init: (_self, state) => state, call: {}, cast: {} },
});

export const look: Bench = {
  name: 'look',
  about: 'looking into a node: stalls of its loop, and what a trace takes',
  figures: [
    { key: 'inspect_stall_ms', better: 'less' },
    { key: 'print_map_stall_ms', better: 'less' },
    { key: 'print_bytes_stall_ms', better: 'less' },
    { key: 'tree_stall_ms', better: 'less' },
    { key: 'tree_ms', better: 'less' },
    { key: 'rows_ms', better: 'less' },
    { key: 'top_stall_ms', better: 'less' },
    { key: 'top_ms', better: 'less' },
    { key: 'trace_share_percent', better: 'less' },
  ],
  rounds: 5,
  contenders: [{ name: 'ours', open: openOurs }],
};

async function openOurs(): Promise<Running> {
  const clock = systemClock();
  const system = new ActorSystem({ clock });
  const records = system.spawn(holder, recordsOf(lookStateBytes));
  const map = system.spawn(holder, new Map(recordsOf(lookStateBytes).map((one) => [one.id, one])));
  const bytes = system.spawn(holder, { all: Buffer.alloc(lookStateBytes, 1) });
  const many = new ActorSystem({ clock });
  for (let n = 0; n < lookActors; n += 1) many.spawn(counter);
  await pacedResult(lookAtActivity(many, allActors, noMarks, 'busy', 20), clock);
  const print = (id: number) => async () => {
    inspectActor(system, String(id));
    const { state } = stateOf(system, id, allActors)!;
    for await (const _ of paced(printed(state, { charactersMax: lookPrintCharacters }), clock));
  };
  return {
    async round() {
      const tree = await timed(async () => {
        for await (const _ of paced(treeLines(many, allActors), clock));
      });
      const top = await timed(() => pacedResult(lookAtActivity(many, allActors, noMarks, 'busy', 20), clock));
      const rows = await timed(async () => {
        for await (const _ of paced(actorRows(many, 0), clock));
      });
      return {
        inspect_stall_ms: await longestStallMs(print(records.id)),
        print_map_stall_ms: await longestStallMs(print(map.id)),
        print_bytes_stall_ms: await longestStallMs(print(bytes.id)),
        tree_stall_ms: tree.stallMs,
        tree_ms: tree.tookMs,
        rows_ms: rows.tookMs,
        top_stall_ms: top.stallMs,
        top_ms: top.tookMs,
        trace_share_percent: await traceShare(),
      };
    },
    async close() {},
  };
}

/** Small objects with a text each, as states are; some 200 bytes each. */
function recordsOf(bytes: number): { id: string; at: number; text: string }[] {
  return Array.from({ length: bytes / 200 }, (_, at) => ({
    id: `id-${at}`,
    at,
    text: `${at}`.padEnd(100, '.'),
  }));
}

async function timed(work: () => Promise<unknown>): Promise<{ stallMs: number; tookMs: number }> {
  let tookMs = 0;
  const stallMs = await longestStallMs(async () => {
    const startMs = performance.now();
    await work();
    tookMs = performance.now() - startMs;
  });
  return { stallMs, tookMs };
}

/** Both in turns, so that the machine's moods are in both: how much slower casts are with a trace at its limit. */
async function traceShare(): Promise<number> {
  const system = new ActorSystem();
  const to = system.spawn(counter);
  await system.call(to).ping();
  let [plain, traced] = [0, 0];
  for (let turn = 0; turn < lookTraceTurns; turn += 1) {
    plain += await castsPerS(system, to);
    const trace = ActorTrace.of(system, to.id, { perS: Number.MAX_SAFE_INTEGER, onEvent() {} })!;
    traced += await castsPerS(system, to);
    trace.end();
  }
  return Math.max(0, (1 - traced / plain) * 100);
}

async function castsPerS(system: ActorSystem, to: ReturnType<typeof system.spawn>): Promise<number> {
  const startMs = performance.now();
  const cast = system.cast(to) as unknown as { tick(n: number): void };
  const call = system.call(to) as unknown as { ping(): Promise<unknown> };
  for (let left = lookTraceMessages; left > 0; left -= burstMessages) {
    for (let n = 0; n < burstMessages; n += 1) cast.tick(n);
    await call.ping();
  }
  return (lookTraceMessages * 1_000) / (performance.now() - startMs);
}
