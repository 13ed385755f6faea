/**
 * The decision of a supervisor: which children start, stop and restart, in which order, and when to give up. Pure; the
 * actor in supervisor.ts performs the effects one at a time and reports back. Strategies, restart types and intensity
 * are OTP's (supervisor(3)).
 */
import { type ExitReason, isCleanExit } from './message.ts';

export type SupervisionEvent =
  | { type: 'begin' }
  | { type: 'started'; id: string }
  | { type: 'start_failed'; id: string; detail: string; nowMs: number }
  /** A child ended, asked to or not. */
  | { type: 'exited'; id: string; reason: ExitReason; nowMs: number }
  /** A child is added while running, last in order. */
  | { type: 'add'; child: ChildPlan }
  /** The child stops and is forgotten. */
  | { type: 'remove'; id: string }
  /** A known child that does not run (it ended well, or is being removed) is wanted again. */
  | { type: 'start'; id: string }
  | { type: 'shutdown'; reason: ExitReason };

export type SupervisionEffect =
  | { type: 'start'; id: string }
  | { type: 'stop'; id: string }
  /** All children of `begin` have started. */
  | { type: 'up' }
  | { type: 'forget'; id: string }
  /** Every child has stopped: the supervisor ends with this reason. */
  | { type: 'end'; reason: ExitReason; detail: string | null };

export type Restart = 'permanent' | 'transient' | 'temporary';
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

export interface ChildPlan {
  id: string;
  restart: Restart;
}

export type ChildPhase = 'waiting' | 'starting' | 'running' | 'stopping' | 'stopped';

export interface ChildState extends ChildPlan {
  phase: ChildPhase;
  restarts: number;
  removing: boolean;
}

type Step = { type: 'start' | 'stop'; id: string };

export interface SupervisionState {
  strategy: Strategy;
  restartsMax: number;
  withinMs: number;
  children: readonly ChildState[];
  /** Instants of restarts inside the window. */
  restartsAtMs: readonly number[];
  /** What is still to do, in order; the first is under way. */
  steps: readonly Step[];
  up: boolean;
  ending: { reason: ExitReason; detail: string | null } | null;
}

export interface Decision {
  state: SupervisionState;
  effects: SupervisionEffect[];
}

export function supervision(
  options: { strategy: Strategy; restartsMax: number; withinMs: number },
  children: readonly ChildPlan[],
): SupervisionState {
  return {
    ...options,
    children: children.map(newChild),
    restartsAtMs: [],
    steps: [],
    up: false,
    ending: null,
  };
}

export function supervise(state: SupervisionState, event: SupervisionEvent): Decision {
  switch (event.type) {
    case 'begin':
      return advance({ ...state, steps: state.children.map((child) => ({ type: 'start', id: child.id })) });
    case 'started':
      return advance(finishStep(setPhase(state, event.id, 'running'), 'start', event.id));
    case 'start_failed':
      return startFailed(state, event);
    case 'exited':
      return exited(state, event.id, event.reason, event.nowMs);
    case 'add':
      return advance({
        ...state,
        children: [...state.children, newChild(event.child)],
        steps: [...state.steps, { type: 'start', id: event.child.id }],
      });
    case 'remove':
      return advance({
        ...mapChild(state, event.id, (child) => ({ ...child, removing: true })),
        steps: [...state.steps, { type: 'stop', id: event.id }],
      });
    case 'start':
      return advance({
        ...mapChild(state, event.id, (child) => ({ ...child, removing: false })),
        steps: [...state.steps, { type: 'start', id: event.id }],
      });
    case 'shutdown':
      return advance(endAll(state, event.reason, null));
  }
}

function startFailed(state: SupervisionState, event: SupervisionEvent & { type: 'start_failed' }): Decision {
  const failed = finishStep(setPhase(state, event.id, 'stopped'), 'start', event.id);
  if (failed.ending !== null) return advance(failed);
  const child = failed.children.find(({ id }) => id === event.id);
  // A child that cannot start at all is the starter's business, as in OTP: nothing is retried.
  if (!failed.up) return advance(endAll(failed, 'shutdown: start_failed', `${event.id}: ${event.detail}`));
  if (child === undefined || child.restart === 'temporary') return advance(forget(failed, event.id));
  return restart(failed, event.id, `could not start: ${event.detail}`, event.nowMs);
}

function exited(state: SupervisionState, id: string, reason: ExitReason, nowMs: number): Decision {
  const child = state.children.find((candidate) => candidate.id === id);
  if (child === undefined) return advance(state);
  const asked = child.phase === 'stopping';
  const stopped = finishStep(setPhase(state, id, 'stopped'), asked ? 'stop' : 'start', id);
  if (asked || stopped.ending !== null) return advance(child.removing ? forget(stopped, id) : stopped);
  const restarts = child.restart === 'permanent' || (child.restart === 'transient' && !isCleanExit(reason));
  if (child.removing || child.restart === 'temporary') return advance(forget(stopped, id));
  if (!restarts) return advance(stopped);
  return restart(stopped, id, `${id} ended: ${reason}`, nowMs);
}

function restart(state: SupervisionState, id: string, why: string, nowMs: number): Decision {
  const restartsAtMs = [...state.restartsAtMs.filter((atMs) => nowMs - atMs < state.withinMs), nowMs];
  const counted = mapChild({ ...state, restartsAtMs }, id, (child) => ({
    ...child,
    restarts: child.restarts + 1,
  }));
  if (restartsAtMs.length > state.restartsMax) {
    const detail = `${restartsAtMs.length} restarts in ${state.withinMs} ms; last: ${why}`;
    return advance(endAll(counted, 'intensity', detail));
  }
  const at = counted.children.findIndex((child) => child.id === id);
  const concerned = counted.children.filter((_, index) =>
    counted.strategy === 'one_for_one' ? index === at : counted.strategy === 'one_for_all' || index >= at,
  );
  const stops = [...concerned].reverse().filter((child) => child.id !== id);
  // A temporary child is never started again, whoever's end takes it down.
  const restarted = concerned.filter((child) => child.restart !== 'temporary');
  const children = counted.children.map((child) =>
    concerned.includes(child) && child.restart === 'temporary' ? { ...child, removing: true } : child,
  );
  const steps: Step[] = [
    ...stops.map((child): Step => ({ type: 'stop', id: child.id })),
    ...restarted.map((child): Step => ({ type: 'start', id: child.id })),
  ];
  return advance({ ...counted, children, steps: [...counted.steps, ...steps] });
}

function endAll(state: SupervisionState, reason: ExitReason, detail: string | null): SupervisionState {
  if (state.ending !== null) return state;
  const stops = [...state.children].reverse().map((child): Step => ({ type: 'stop', id: child.id }));
  // A start under way is let finish (it cannot be taken back), and then stopped like the others.
  const first = state.steps[0];
  const underWay = first !== undefined && phaseOf(state, first.id) === 'starting' ? [first] : [];
  return { ...state, ending: { reason, detail }, steps: [...underWay, ...stops] };
}

/** Takes steps until one has to be waited for. */
function advance(from: SupervisionState): Decision {
  let state = from;
  const effects: SupervisionEffect[] = [];
  for (let step = state.steps[0]; step !== undefined; step = state.steps[0]) {
    const phase = phaseOf(state, step.id);
    if (phase === 'starting' || phase === 'stopping') return { state, effects };
    const needed = step.type === 'start' ? phase !== 'running' && phase !== null : phase === 'running';
    if (needed) {
      effects.push({ type: step.type, id: step.id });
      return { state: setPhase(state, step.id, step.type === 'start' ? 'starting' : 'stopping'), effects };
    }
    const child = state.children.find(({ id }) => id === step!.id);
    if (step.type === 'stop' && child?.removing) {
      state = forget(state, step.id);
      effects.push({ type: 'forget', id: step.id });
    }
    state = { ...state, steps: state.steps.slice(1) };
  }
  if (state.ending !== null) effects.push({ type: 'end', ...state.ending });
  else if (!state.up) {
    state = { ...state, up: true };
    effects.push({ type: 'up' });
  }
  return { state, effects };
}

function newChild(plan: ChildPlan): ChildState {
  return { id: plan.id, restart: plan.restart, phase: 'waiting', restarts: 0, removing: false };
}

function phaseOf(state: SupervisionState, id: string): ChildPhase | null {
  return state.children.find((child) => child.id === id)?.phase ?? null;
}

function mapChild(
  state: SupervisionState,
  id: string,
  change: (child: ChildState) => ChildState,
): SupervisionState {
  return { ...state, children: state.children.map((child) => (child.id === id ? change(child) : child)) };
}

function setPhase(state: SupervisionState, id: string, phase: ChildPhase): SupervisionState {
  return mapChild(state, id, (child) => ({ ...child, phase }));
}

function finishStep(state: SupervisionState, type: Step['type'], id: string): SupervisionState {
  const first = state.steps[0];
  return first?.type === type && first.id === id ? { ...state, steps: state.steps.slice(1) } : state;
}

function forget(state: SupervisionState, id: string): SupervisionState {
  return { ...state, children: state.children.filter((child) => child.id !== id) };
}
