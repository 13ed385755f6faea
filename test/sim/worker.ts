/**
 * The actors that a simulated node runs: workers that answer, count and die, and one that monitors. They tell the
 * ledger what reached them; the ledger's checks judge it.
 */
import { childOf, defineActor, type Ref, type Self, sameRef, supervisor } from '../../runtime/index.ts';

export interface WorkerProtocol {
  start: [probe: WorkerProbe, role: string];
  call: {
    echo(target: Ref, value: number): number;
    /** Answers after a while; the caller may have given up by then. */
    late(target: Ref, value: number, afterMs: number): number;
  };
  cast: {
    tell(target: Ref, from: string, fromBoot: number, sequence: number): void;
    crash(): void;
  };
}

export interface WorkerProbe {
  started(ref: Ref, role: string): void;
  told(target: Ref, from: string, fromBoot: number, sequence: number): void;
  /** A message reached an actor that it was not for. */
  astray(meant: Ref, reached: Ref): void;
}

interface WorkerState {
  probe: WorkerProbe;
  waiting: Map<number, { answer(value: unknown): void }>;
  last: number;
}

export const worker = defineActor<WorkerState, WorkerProtocol>({
  name: 'worker',
  init(self, probe, role) {
    probe.started(self.ref, role);
    return { probe, waiting: new Map(), last: 0 };
  },
  call: {
    echo(self, target, value) {
      look(self, target);
      return value;
    },
    late(self, target, value, afterMs) {
      look(self, target);
      const reply = self.replyLater();
      self.state.last += 1;
      self.state.waiting.set(self.state.last, { answer: () => reply.answer(value) });
      self.after(afterMs, 'answer', self.state.last);
      return reply;
    },
  },
  cast: {
    tell(self, target, from, fromBoot, sequence) {
      look(self, target);
      self.state.probe.told(target, from, fromBoot, sequence);
    },
    crash() {
      throw new Error('asked to');
    },
  },
  info(self, info) {
    if (info.type !== 'timeout') return;
    self.state.waiting.get(info.data as number)?.answer(null);
    self.state.waiting.delete(info.data as number);
  },
});

function look(self: Self<WorkerState>, target: Ref): void {
  if (!sameRef(self.ref, target)) self.state.probe.astray(target, self.ref);
}

export interface WatcherProtocol {
  start: [told: (monitor: number, ref: Ref, reason: string) => void];
  call: Record<never, never>;
  cast: { watch(ref: Ref, began: (monitor: number) => void): void; forget(monitor: number): void };
}

/** Monitors what it is asked to, for ever. */
export const watcher = defineActor<(monitor: number, ref: Ref, reason: string) => void, WatcherProtocol>({
  name: 'watcher',
  init: (_self, told) => told,
  call: {},
  cast: {
    watch: (self, ref, began) => began(self.monitor(ref)),
    forget: (self, monitor) => self.demonitor(monitor),
  },
  info(self, info) {
    if (info.type === 'down') self.state(info.monitor, info.ref, info.reason);
  },
});

/** Workers that are started again when they crash, as the actors of a product are. */
export function services(probe: WorkerProbe, count: number) {
  const specs = Array.from({ length: count }, (_, at) => ({
    id: `service_${at}`,
    start: childOf(worker, probe, `service_${at}`),
  }));
  return supervisor({ name: 'services', restartsMax: 1_000, withinMs: 1_000 }, specs);
}
