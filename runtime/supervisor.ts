/**
 * The actor that performs what supervision.ts decides: starts children linked to itself, asks them to stop in their
 * time, kills those that do not, and ends when told or when restarts come too fast.
 */
import type { Context } from './context.ts';
import { type Definition, defineActor, type LaterReply, type Protocol, type Self } from './definition.ts';
import { messageOf, RuntimeError } from './errors.ts';
import { restartsMax, restartsWithinMs, shutdownMs, zombieWaitMs } from './limits.ts';
import { type Ref, sameRef } from './ref.ts';
import {
  type Restart,
  type Strategy,
  type SupervisionEffect,
  type SupervisionEvent,
  type SupervisionState,
  supervise,
  supervision,
} from './supervision.ts';

/** `start` is made by `childOf(definition, ...args)`; `shutdownMs` 0 kills at once. */
export interface ChildSpec {
  readonly id: string;
  readonly start: StartChild;
  readonly restart?: Restart;
  readonly shutdownMs?: number;
}

export type StartChild = (self: Self<unknown>) => Promise<Ref>;

export function childOf<S, P extends Protocol>(
  definition: Definition<S, P>,
  ...args: P['start']
): StartChild {
  return (self) => self.startLink(definition, ...args) as Promise<Ref>;
}

export interface SupervisorOptions {
  readonly name: string;
  readonly strategy?: Strategy;
  /** More restarts than this within `withinMs` and the supervisor stops its children and ends with `intensity`. */
  readonly restartsMax?: number;
  readonly withinMs?: number;
  /** Children that come and go by id (`call.startChild(id)`). */
  readonly make?: (id: string) => ChildSpec;
}

export interface ChildInfo {
  id: string;
  ref: Ref | null;
  phase: string;
  restarts: number;
}

export interface SupervisorProtocol {
  start: [];
  call: {
    children(): ChildInfo[];
    /** Answers the ref when the child runs; a child of that id that runs already is answered as it is. */
    startChild(id: string): Ref | null;
    stopChild(id: string): boolean;
  };
  cast: Record<never, never>;
}

interface SupervisorState {
  machine: SupervisionState;
  specs: Map<string, ChildSpec>;
  refs: Map<string, Ref>;
  /** Last known refs of children that have ended: their handlers may still be running. */
  past: Map<string, Ref>;
  waiting: Map<string, LaterReply[]>;
}

type SupervisorSelf = Self<SupervisorState>;

/** Throws `bad_child_spec` before anything starts. */
export function supervisor(
  options: SupervisorOptions,
  specs: readonly ChildSpec[],
): Definition<SupervisorState, SupervisorProtocol> {
  const ids = new Set<string>();
  for (const spec of specs) {
    if (ids.has(spec.id)) throw new RuntimeError('bad_child_spec', `two children have the id "${spec.id}"`);
    checkSpec(spec);
    ids.add(spec.id);
  }
  return defineActor<SupervisorState, SupervisorProtocol>({
    name: options.name,
    trapExit: true,
    init(self) {
      const state = newState(options, specs);
      self.state = state;
      (self as unknown as Context).describe(() => childrenOf(state));
      handle(self, { type: 'begin' });
      return state;
    },
    call: {
      children: (self) => childrenOf(self.state),
      startChild(self, id) {
        const running = self.state.refs.get(id);
        if (running !== undefined) return running;
        const spec = options.make?.(id);
        if (spec === undefined)
          throw new RuntimeError('bad_child_spec', `${options.name} makes no child "${id}"`);
        checkSpec(spec);
        const reply = self.replyLater();
        self.state.waiting.set(id, [...(self.state.waiting.get(id) ?? []), reply]);
        if (!self.state.specs.has(id)) {
          self.state.specs.set(id, spec);
          handle(self, { type: 'add', child: { id, restart: spec.restart ?? 'permanent' } });
        }
        return reply;
      },
      stopChild(self, id) {
        if (!self.state.specs.has(id)) return false;
        handle(self, { type: 'remove', id });
        return true;
      },
    },
    cast: {},
    info(self, info) {
      if (info.type === 'exit') childExited(self, info.ref, info.reason);
      else if (info.type === 'timeout' && info.tag === 'kill')
        killLate(self, info.data as { id: string; ref: Ref });
      else if (info.type === 'done') childStarted(self, info.tag, info.value as Ref | null, info.error);
    },
    async terminate(self, reason) {
      // Asked to end from outside: children stop in reverse order first, each within its own time.
      for (const child of [...self.state.machine.children].reverse()) {
        const ref = self.state.refs.get(child.id);
        if (ref !== undefined) await stopAndWait(self, self.state.specs.get(child.id)!, ref, reason);
      }
    },
  });
}

function newState(options: SupervisorOptions, specs: readonly ChildSpec[]): SupervisorState {
  const machine = supervision(
    {
      strategy: options.strategy ?? 'one_for_one',
      restartsMax: options.restartsMax ?? restartsMax,
      withinMs: options.withinMs ?? restartsWithinMs,
    },
    specs.map((spec) => ({ id: spec.id, restart: spec.restart ?? 'permanent' })),
  );
  return {
    machine,
    specs: new Map(specs.map((spec) => [spec.id, spec])),
    refs: new Map(),
    past: new Map(),
    waiting: new Map(),
  };
}

function childrenOf(state: SupervisorState): ChildInfo[] {
  return state.machine.children.map((child) => ({
    id: child.id,
    ref: state.refs.get(child.id) ?? null,
    phase: child.phase,
    restarts: child.restarts,
  }));
}

function checkSpec(spec: ChildSpec): void {
  if (spec.id === '') throw new RuntimeError('bad_child_spec', 'a child has no id');
  if (spec.shutdownMs !== undefined && !(spec.shutdownMs >= 0)) {
    throw new RuntimeError('bad_child_spec', `"${spec.id}": shutdownMs must be 0 or more`);
  }
}

function handle(self: SupervisorSelf, event: SupervisionEvent): void {
  const { state, effects } = supervise(self.state.machine, event);
  self.state.machine = state;
  for (const effect of effects) perform(self, effect);
}

function perform(self: SupervisorSelf, effect: SupervisionEffect): void {
  const context = self as unknown as Context;
  switch (effect.type) {
    case 'start': {
      const spec = self.state.specs.get(effect.id)!;
      const past = self.state.past.get(effect.id);
      const start = () => spec.start(self as Self<unknown>);
      self.pipe(past ? context.settled(past, zombieWaitMs).then(start) : start(), effect.id);
      return;
    }
    case 'stop': {
      const ref = self.state.refs.get(effect.id)!;
      const waitMs = self.state.specs.get(effect.id)?.shutdownMs ?? shutdownMs;
      self.exit(ref, waitMs === 0 ? 'kill' : 'shutdown');
      if (waitMs > 0) self.after(waitMs, 'kill', { id: effect.id, ref });
      return;
    }
    case 'forget':
      forget(self.state, effect.id);
      return;
    case 'end':
      self.log(effect.reason === 'intensity' ? 'error' : 'info', 'supervisor ends', { ...effect });
      self.stop(effect.reason);
      return;
    case 'up':
      return;
  }
}

function forget(state: SupervisorState, id: string): void {
  state.specs.delete(id);
  state.past.delete(id);
}

function childStarted(self: SupervisorSelf, id: string, ref: Ref | null, error: unknown): void {
  const waiting = self.state.waiting.get(id) ?? [];
  self.state.waiting.delete(id);
  if (ref === null) {
    for (const reply of waiting) reply.fail(error);
    const detail = messageOf(error);
    self.log('warn', 'child could not start', { child: id, error: detail });
    handle(self, { type: 'start_failed', id, detail, nowMs: self.monotonicMs() });
  } else {
    for (const reply of waiting) reply.answer(ref);
    self.state.refs.set(id, ref);
    handle(self, { type: 'started', id });
  }
  dropForgotten(self.state);
}

function childExited(self: SupervisorSelf, ref: Ref, reason: string): void {
  for (const [id, known] of self.state.refs) {
    if (!sameRef(known, ref)) continue;
    self.state.refs.delete(id);
    self.state.past.set(id, ref);
    handle(self, { type: 'exited', id, reason, nowMs: self.monotonicMs() });
    dropForgotten(self.state);
    return;
  }
}

/** Specs of children that the decision has forgotten (temporary ones that ended) go too. */
function dropForgotten(state: SupervisorState): void {
  for (const id of state.specs.keys()) {
    if (!state.machine.children.some((child) => child.id === id)) forget(state, id);
  }
}

function killLate(self: SupervisorSelf, late: { id: string; ref: Ref }): void {
  if (sameRef(self.state.refs.get(late.id), late.ref)) self.exit(late.ref, 'kill');
}

async function stopAndWait(self: SupervisorSelf, spec: ChildSpec, ref: Ref, reason: string): Promise<void> {
  const waitMs = spec.shutdownMs ?? shutdownMs;
  const ended = self.endedWithin(ref, waitMs);
  self.exit(ref, waitMs === 0 || reason === 'killed' ? 'kill' : 'shutdown');
  if (!(await ended)) {
    self.exit(ref, 'kill');
    await self.endedWithin(ref, shutdownMs);
  }
}
