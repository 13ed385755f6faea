/**
 * An actor for tests that does what it is told: a message carries the function that its handler runs. What it is told by
 * the system it notes as text in an array of the test's, which can be read when the actor is long gone.
 */
import {
  ActorSystem,
  defineActor,
  type ExitReason,
  type Info,
  manualClock,
  type Ref,
  type Self,
} from '../index.ts';

export type ProbeSelf = Self<string[]>;

export interface ProbeProtocol {
  start: [notes?: string[], trap?: boolean];
  call: { ask(act: (self: ProbeSelf) => unknown): unknown };
  cast: { tell(act: (self: ProbeSelf) => unknown): void; note(text: unknown): void };
}

export const probe = defineActor<string[], ProbeProtocol>({
  name: 'probe',
  init(self, notes = [], trap = false) {
    self.trapExit = trap;
    return notes;
  },
  call: { ask: (self, act) => act(self) },
  cast: {
    tell: (self, act) => act(self) as Promise<void>,
    note(self, text) {
      self.state.push(String(text));
    },
  },
  info(self, info) {
    self.state.push(textOf(info));
  },
  terminate(self, reason) {
    self.state.push(`terminate ${reason}`);
  },
});

function textOf(info: Info): string {
  if (info.type === 'down' || info.type === 'exit')
    return `${info.type} ${info.reason}${info.detail === null ? '' : `: ${info.detail}`}`;
  if (info.type === 'timeout') return `timeout ${info.tag}`;
  return `done ${info.tag} ${info.error === null ? info.value : (info.error as Error).message}`;
}

export type Probe = Ref<ProbeProtocol>;

/** A system on a clock that stands still, the texts of its log, and short ways to its probes. */
export function world(options: ConstructorParameters<typeof ActorSystem>[0] = {}) {
  const clock = manualClock();
  const logs: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log = (_level: string, message: string, fields: Readonly<Record<string, unknown>>) => {
    logs.push({ message, fields });
  };
  const actors = new ActorSystem({ clock, node: 'n1', boot: 7, log, ...options });
  return {
    clock,
    actors,
    logs,
    spawn: (notes: string[] = [], trap = false): Probe => actors.spawn(probe, notes, trap),
    async act<T>(ref: Probe, act: (self: ProbeSelf) => T): Promise<Awaited<T>> {
      return (await actors.call(ref).ask(act)) as Awaited<T>;
    },
    /** The actor ends by its own will. */
    async end(ref: Probe, reason: ExitReason): Promise<void> {
      actors.cast(ref).tell((self) => self.stop(reason));
      await clock.settle();
    },
    isAlive: (ref: Ref) => actors.find(ref) !== null,
  };
}

/** A promise that the test settles. */
export function gate(): { wait: Promise<void>; open: () => void } {
  let open = () => {};
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

/** The code of the error that a promise rejects with; what it resolved with when it did not. */
export function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: { code?: string }) => error.code ?? error);
}
