/**
 * What a supervisor is told of its children, and the judgement of it: before anything starts, and before a child is
 * added. Between the program's code and supervisor.ts.
 */
import type { Definition, Protocol, Self } from './definition.ts';
import { RuntimeError } from './errors.ts';
import { restartsMax } from './limits.ts';
import type { Ref } from './ref.ts';
import type { Restart, Strategy } from './supervision.ts';

/** `start` is made by `childOf(definition, ...args)`; `shutdownMs` 0 kills at once. */
export interface ChildSpec<P extends Protocol = Protocol> {
  readonly id: string;
  readonly start: StartChild<P>;
  /** Unless told `permanent`. */
  readonly restart?: Restart;
  readonly shutdownMs?: number;
}

export type StartChild<P extends Protocol = Protocol> = (self: Self<unknown>) => Promise<Ref<P>>;

export function childOf<S, P extends Protocol>(
  definition: Definition<S, P>,
  ...args: P['start']
): StartChild<P> {
  return (self) => self.startLink(definition, ...args);
}

/** `C`: the protocol of the children that `make` makes. */
export interface SupervisorOptions<C extends Protocol = Protocol> {
  readonly name: string;
  /** Unless told `one_for_one`. */
  readonly strategy?: Strategy;
  /** More restarts than this within `withinMs` and the supervisor stops its children and ends with `intensity`. */
  readonly restartsMax?: number;
  readonly withinMs?: number;
  /** Children that come and go by id (`call.startChild(id)`). */
  readonly make?: (id: string) => ChildSpec<C>;
}

const restarts: ReadonlySet<string> = new Set<Restart>(['permanent', 'transient', 'temporary']);
const strategies: ReadonlySet<string> = new Set<Strategy>(['one_for_one', 'one_for_all', 'rest_for_one']);

export function checkOptions(options: SupervisorOptions): void {
  const { name, strategy = 'one_for_one', restartsMax: most = restartsMax, withinMs = 1 } = options;
  const wrong = !strategies.has(strategy)
    ? `strategy ${strategy}`
    : !(most >= 0)
      ? `restartsMax ${most}`
      : !(withinMs > 0)
        ? `withinMs ${withinMs}`
        : null;
  if (wrong !== null) throw new RuntimeError('bad_child_spec', `${name}: ${wrong}`);
}

export function checkSpec(spec: ChildSpec): void {
  if (typeof spec.start !== 'function') {
    throw new RuntimeError('bad_child_spec', `"${spec.id}": start is made by childOf`);
  }
  if (!restarts.has(spec.restart ?? 'permanent')) {
    throw new RuntimeError('bad_child_spec', `"${spec.id}": restart ${spec.restart}`);
  }
  if (spec.id === '') throw new RuntimeError('bad_child_spec', 'a child has no id');
  if (spec.shutdownMs !== undefined && !(spec.shutdownMs >= 0)) {
    throw new RuntimeError('bad_child_spec', `"${spec.id}": shutdownMs must be 0 or more`);
  }
}
