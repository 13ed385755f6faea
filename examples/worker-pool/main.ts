/** The tree of the program, and its work: twelve jobs, one of which crashes the worker that first takes it. */
import {
  ActorSystem,
  childOf,
  defineActor,
  type Ref,
  type SupervisorProtocol,
  supervisor,
} from 'picket/runtime';
import { type PoolProtocol, pool } from './pool.js';
import { worker } from './workers.js';

const names = ['worker 1', 'worker 2', 'worker 3'];

const workers = supervisor(
  { name: 'workers', strategy: 'one_for_one', restartsMax: 5, withinMs: 10_000 },
  names.map((name) => ({ id: name, start: childOf(worker, name) })),
);

interface CustomerProtocol {
  start: [jobs: number, finished: (results: Map<string, unknown>) => void];
  call: Record<never, never>;
  cast: Record<never, never>;
}

/** The program's own work is a child like the others: it starts last, when those that it needs are there. */
const customer = defineActor<Map<string, unknown>, CustomerProtocol>({
  name: 'customer',
  init(self, jobs, finished) {
    const ref = self.whereis<PoolProtocol>('pool');
    if (ref === null) throw new Error('start the pool before its customer');
    const results = new Map<string, unknown>();
    // The calls are under way while this actor goes on; their ends come to `info`.
    const calls = Array.from({ length: jobs }, async (_, at) => {
      results.set(`job ${at + 1}`, await self.call(ref).run(at + 1));
    });
    self.pipe(
      Promise.all(calls).then(() => finished(results)),
      'all jobs',
    );
    return results;
  },
  call: {},
  cast: {},
  info(self, info) {
    if (info.type !== 'done') return;
    if (info.error === null) self.stop();
    else throw info.error;
  },
});

// When the pool crashes, those after it start anew: their refs and their jobs were the old pool's.
const program = (finished: (results: Map<string, unknown>) => void) =>
  supervisor({ name: 'program', strategy: 'rest_for_one' }, [
    { id: 'pool', start: childOf(pool) },
    { id: 'workers', start: childOf(workers) },
    { id: 'customer', start: childOf(customer, 12, finished), restart: 'transient' },
  ]);

const system = new ActorSystem();
let top: Ref<SupervisorProtocol> | null = null;
const results = await new Promise<Map<string, unknown>>((resolve) => {
  top = system.spawn(program(resolve));
});
for (const [job, result] of [...results].sort(byNumber)) console.log(`${job}: ${result}`);

const children = await system.call(top!).children();
const middle = children.find(({ id }) => id === 'workers')!.ref as Ref<SupervisorProtocol>;
for (const { id, phase, restarts } of await system.call(middle).children())
  console.log(`${id}: ${phase}, restarts ${restarts}`);

const ended = system.ended(top!);
system.exit(top!, 'shutdown');
console.log(`program ended: ${await ended}`);
// A process may linger for seconds after its last call, until the call's cancelled deadline has gone by.
process.exit(0);

function byNumber([a]: [string, unknown], [b]: [string, unknown]): number {
  return Number(a.slice(4)) - Number(b.slice(4));
}
