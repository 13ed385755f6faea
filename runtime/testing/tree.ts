/** A supervision tree for tests: workers that note their start and end by id, and ways to look at them. */
import {
  type ChildSpec,
  childOf,
  defineActor,
  type Ref,
  type SupervisorOptions,
  supervisor,
} from '../index.ts';
import { world } from './probe.ts';

interface WorkerProtocol {
  start: [id: string, log: string[]];
  call: { ping(): string };
  cast: { end(reason: string): void; wait(until: Promise<void>): void };
}
export type Worker = Ref<WorkerProtocol>;

const worker = defineActor<{ id: string; log: string[] }, WorkerProtocol>({
  name: 'worker',
  trapExit: true,
  init(_self, id, log) {
    log.push(`start ${id}`);
    return { id, log };
  },
  call: { ping: (self) => self.state.id },
  cast: {
    end: (self, reason) => self.stop(reason),
    wait: (_self, until) => until,
  },
  terminate(self) {
    self.state.log.push(`end ${self.state.id}`);
  },
});

export function workerSpec(id: string, log: string[], more: Partial<ChildSpec> = {}): ChildSpec {
  return { id, start: childOf(worker, id, log), ...more };
}

/** A supervisor with workers `a`, `b`, `c` unless other specs are given. */
export function tree(
  options: Partial<SupervisorOptions> = {},
  specs: (log: string[]) => ChildSpec[] = (log) => ['a', 'b', 'c'].map((id) => workerSpec(id, log)),
) {
  const all = world();
  const log: string[] = [];
  const top = all.actors.spawn(supervisor({ name: 'top', ...options }, specs(log)));
  const infoOf = async (id: string) => (await all.actors.call(top).children()).find((one) => one.id === id);
  return {
    ...all,
    log,
    top,
    infoOf,
    child: async (id: string) => (await infoOf(id))!.ref as Worker,
    async endChild(id: string, reason: string) {
      all.actors.cast((await infoOf(id))!.ref as Worker).end(reason);
      await all.clock.settle();
    },
    /** What was noted since, and nothing of it again. */
    noted: () => log.splice(0),
  };
}
