/**
 * What the flight recorder keeps of a supervisor, and how a replay steps it. Between `supervision.ts` and the recorder.
 * Kept are ids of children and reasons that are codes; what an error said is not, because it may quote a message.
 */
import type { ReplayForm, Witness } from './recorder-form.ts';
import {
  type ChildState,
  type Strategy,
  type SupervisionEffect,
  type SupervisionEvent,
  type SupervisionState,
  supervise,
} from './supervision.ts';

type Ending = { reason: string; detail: string | null };

export const supervisionForm: ReplayForm<SupervisionState, SupervisionEvent, SupervisionEffect> = {
  kind: 'supervision',
  version: 1,

  weightBytes: (state) =>
    200 + state.children.length * 100 + (state.steps.length + state.restartsAtMs.length) * 40,

  snapshot({ strategy, restartsMax, withinMs, children, restartsAtMs, steps, up, ending }) {
    return {
      strategy,
      restartsMax: finite(restartsMax),
      withinMs: finite(withinMs),
      children: children.map(({ id, restart, phase, restarts, removing }) => [
        id,
        restart,
        phase,
        restarts,
        removing,
      ]),
      restartsAtMs,
      steps: steps.map(({ type, id }) => [type, id]),
      up,
      ending: ending && plainReason(ending.reason),
    };
  },

  restore(snapshot) {
    const kept = snapshot as {
      strategy: Strategy;
      restartsMax: number | null;
      withinMs: number | null;
      children: [string, ChildState['restart'], ChildState['phase'], number, boolean][];
      restartsAtMs: number[];
      steps: ['start' | 'stop', string][];
      up: boolean;
      ending: string | null;
    };
    return {
      strategy: kept.strategy,
      restartsMax: kept.restartsMax ?? Number.POSITIVE_INFINITY,
      withinMs: kept.withinMs ?? Number.POSITIVE_INFINITY,
      children: kept.children.map(([id, restart, phase, restarts, removing]) => {
        return { id, restart, phase, restarts, removing };
      }),
      restartsAtMs: kept.restartsAtMs,
      steps: kept.steps.map(([type, id]) => ({ type, id })),
      up: kept.up,
      ending: kept.ending === null ? null : { reason: kept.ending, detail: null },
    };
  },

  event(event) {
    switch (event.type) {
      case 'start_failed':
        return { ...event, detail: '' };
      case 'exited':
      case 'shutdown':
        return { ...event, reason: plainReason(event.reason) };
      case 'add':
        return { type: event.type, child: { id: event.child.id, restart: event.child.restart } };
      default:
        return event;
    }
  },

  effect: (effect) => (effect.type === 'end' ? { type: 'end', reason: plainReason(effect.reason) } : effect),

  step: (state, event) => supervise(state, event),

  tell(effect, event) {
    switch (effect.type) {
      case 'start':
        return `starts ${effect.id}: ${because(event)}`;
      case 'stop':
        return `stops ${effect.id}: ${because(event)}`;
      case 'up':
        return 'all children run';
      case 'forget':
        return `forgets ${effect.id}: ${because(event)}`;
      case 'end':
        return `ends: ${ended(effect)}`;
    }
  },

  witness: (subject) => witnessOf(subject),
};

/** Tells of one child: what was heard of it, and what was decided of it. */
function witnessOf(subject: string): Witness<SupervisionState, SupervisionEvent, SupervisionEffect> {
  return (state, event, effects) => {
    if (event === null) return [];
    const told: string[] = [];
    const child = state.children.find(({ id }) => id === subject);
    const concerns =
      'id' in event ? event.id === subject : event.type === 'add' && event.child.id === subject;
    if (concerns) told.push(`${because(event)}${count(child)}`);
    for (const effect of effects) {
      if ('id' in effect && effect.id === subject) told.push(supervisionForm.tell(effect, event)!);
      else if (effect.type === 'end' && child !== undefined)
        told.push(`its supervisor ends: ${ended(effect)}`);
    }
    return told;
  };
}

function count(child: ChildState | undefined): string {
  return child === undefined || child.restarts === 0 ? '' : `, restarts so far ${child.restarts}`;
}

function ended({ reason }: Ending): string {
  return reason === 'intensity' ? 'too many restarts in its window (intensity)' : plainReason(reason);
}

function because(event: SupervisionEvent): string {
  switch (event.type) {
    case 'begin':
      return 'the supervisor begins';
    case 'started':
      return `${event.id} runs`;
    case 'start_failed':
      return `${event.id} could not start`;
    case 'exited':
      return `${event.id} ended (${plainReason(event.reason)})`;
    case 'add':
      return `${event.child.id} was added`;
    case 'remove':
      return `${event.id} is to be removed`;
    case 'start':
      return `${event.id} is wanted again`;
    case 'shutdown':
      return `asked to end (${plainReason(event.reason)})`;
  }
}

/** A reason is a code, maybe `shutdown:` and a code. Anything else may be a sentence about a message. */
export function plainReason(reason: string): string {
  const [, clean = '', rest = ''] = /^(shutdown: ?)?(.*)$/s.exec(reason)!;
  return /^[a-z0-9_]{0,64}$/.test(rest) ? `${clean}${rest}` : `${clean}redacted`;
}

function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}
