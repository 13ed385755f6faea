/**
 * The actor that performs what supervision.ts decides: starts children linked to itself, asks them to stop in their
 * time, kills those that do not, and ends when told or when restarts come too fast.
 */
import { type ChildSpec, checkOptions, checkSpec, type SupervisorOptions } from './child-spec.ts';
import type { Context } from './context.ts';
import { type Definition, defineActor, type LaterReply, type Protocol, type Self } from './definition.ts';
import { messageOf, RuntimeError } from './errors.ts';
import { restartsMax, restartsWithinMs, shutdownMs, zombieWaitMs } from './limits.ts';
import type { Recording } from './recorder-machine.ts';
import { supervisionForm } from './recorder-supervision.ts';
import { type Ref, sameRef } from './ref.ts';
import {
  type SupervisionEffect,
  type SupervisionEvent,
  type SupervisionState,
  supervise,
  supervision,
} from './supervision.ts';

export interface ChildInfo {
  id: string;
  ref: Ref | null;
  phase: string;
  restarts: number;
}

/** `C`: the protocol of the children that are started by id. */
export interface SupervisorProtocol<C extends Protocol = Protocol> {
  start: [];
  call: {
    children(): ChildInfo[];
    /** Answers the ref when the child runs; a child of that id that runs already is answered as it is. */
    startChild(id: string): Ref<C>;
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
  /** Ends that were heard while a start was under way: a child may be gone before its starter hears that it runs. */
  early: Map<string, string>;
  /** Whoever started this supervisor waits until its children run. */
  up: LaterReply | null;
  record: Recording<SupervisionState, SupervisionEvent, SupervisionEffect> | null;
}

type SupervisorSelf = Self<SupervisorState>;

/** Throws `bad_child_spec` before anything starts. */
export function supervisor<C extends Protocol = Protocol>(
  options: SupervisorOptions<C>,
  specs: readonly ChildSpec[],
): Definition<SupervisorState, SupervisorProtocol<C>> {
  checkOptions(options);
  const ids = new Set<string>();
  for (const spec of specs) {
    if (ids.has(spec.id)) throw new RuntimeError('bad_child_spec', `two children have the id "${spec.id}"`);
    checkSpec(spec);
    ids.add(spec.id);
  }
  const definition = defineActor<SupervisorState, SupervisorProtocol>({
    name: options.name,
    trapExit: true,
    init(self) {
      const state = newState(options, specs);
      self.state = state;
      const { recorder, ref } = self as unknown as Context;
      state.record = recorder?.machine(supervisionForm, `${options.name}/${ref.id}`) ?? null;
      (self as unknown as Context).describe(
        () => childrenOf(state),
        () => eachChild(state),
      );
      state.up = (self as unknown as Context).holdStart();
      handle(self, { type: 'begin' });
      return state;
    },
    call: {
      children: (self) => childrenOf(self.state),
      startChild(self, id) {
        const known = self.state.machine.children.find((child) => child.id === id);
        // One that is being stopped is no answer: it is started again when it has ended.
        if (known?.phase === 'running' && !known.removing) return self.state.refs.get(id)!;
        return startById(self, options, id);
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
  // What is started by id is what `make` makes.
  return definition as unknown as Definition<SupervisorState, SupervisorProtocol<C>>;
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
    early: new Map(),
    up: null,
    record: null,
  };
}

function childrenOf(state: SupervisorState): ChildInfo[] {
  return [...eachChild(state)];
}

/** One by one: whoever looks into a running node does not make a list of a hundred thousand at once. */
function* eachChild(state: SupervisorState): Generator<ChildInfo> {
  for (const { id, phase, restarts } of state.machine.children)
    yield { id, ref: state.refs.get(id) ?? null, phase, restarts };
}

/** A spec that cannot be is its caller's mistake: told, and no reason to end the other children. */
function startById(self: SupervisorSelf, options: SupervisorOptions, id: string): LaterReply {
  const reply = self.replyLater();
  let spec = self.state.specs.get(id);
  try {
    spec ??= options.make?.(id);
    if (spec === undefined)
      throw new RuntimeError('bad_child_spec', `${options.name} makes no child "${id}"`);
    checkSpec(spec);
  } catch (error) {
    reply.fail(error);
    return reply;
  }
  const waiting = self.state.waiting.get(id) ?? [];
  self.state.waiting.set(id, [...waiting, reply]);
  if (self.state.specs.has(id)) {
    if (waiting.length === 0) handle(self, { type: 'start', id });
    return reply;
  }
  self.state.specs.set(id, spec);
  handle(self, { type: 'add', child: { id, restart: spec.restart ?? 'permanent' } });
  return reply;
}

function handle(self: SupervisorSelf, event: SupervisionEvent): void {
  const { machine, record } = self.state;
  const { state, effects } = record?.step(machine, event, supervise) ?? supervise(machine, event);
  self.state.machine = state;
  for (const effect of effects) perform(self, effect);
}

function perform(self: SupervisorSelf, effect: SupervisionEffect): void {
  const context = self as unknown as Context;
  switch (effect.type) {
    case 'start': {
      const spec = self.state.specs.get(effect.id)!;
      const past = self.state.past.get(effect.id);
      if (past !== undefined) context.noteRestart();
      const start = () => spec.start(self as Self<unknown>);
      self.pipe(past ? context.settled(past, zombieWaitMs).then(start) : start(), effect.id);
      return;
    }
    case 'stop': {
      const ref = self.state.refs.get(effect.id)!;
      const waitMs = self.state.specs.get(effect.id)?.shutdownMs ?? shutdownMs;
      self.exit(ref, waitMs === 0 ? 'kill' : 'shutdown');
      if (waitMs > 0 && waitMs < Number.POSITIVE_INFINITY) self.after(waitMs, 'kill', { id: effect.id, ref });
      return;
    }
    case 'forget':
      forget(self.state, effect.id);
      return;
    case 'end':
      self.state.up?.fail(new RuntimeError('start_failed', effect.detail ?? effect.reason));
      self.log(effect.reason === 'intensity' ? 'error' : 'info', 'supervisor ends', { ...effect });
      self.stop(effect.reason);
      return;
    case 'up':
      self.state.up?.answer(null);
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
    const ended = self.state.early.get(ref.toString());
    self.state.early.clear();
    self.state.refs.set(id, ref);
    handle(self, { type: 'started', id });
    tellRestart(self, id, ref);
    if (ended !== undefined) childExited(self, ref, ended);
  }
  dropForgotten(self.state);
}

function tellRestart(self: SupervisorSelf, id: string, ref: Ref): void {
  const { watchers } = self as unknown as Context;
  if (!watchers.isWatched) return;
  const restarts = self.state.machine.children.find((child) => child.id === id)?.restarts ?? 0;
  const { name, ref: supervisor } = self as unknown as Context;
  if (restarts > 0) watchers.tell({ type: 'restarted', supervisor, ref, name, child: id, restarts });
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
  const isStarting = self.state.machine.children.some((child) => child.phase === 'starting');
  if (isStarting) self.state.early.set(ref.toString(), reason);
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
