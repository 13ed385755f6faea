/**
 * Faults of the distributed supervisor, planted between its shells and their pure steps: what arrives of specs, what the
 * machine of children is told, and what is done with its decisions.
 */

import { createLife } from '../../../cluster/child-life.ts';
import type { ChildrenEffect, ChildrenHappening } from '../../../cluster/children.ts';
import type { Child, ChildrenState, Want } from '../../../cluster/children-state.ts';
import type { SpecsEvent } from '../../../cluster/specs.ts';
import { hold, type SpecsState } from '../../../cluster/specs-state.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { Planted } from './planted.ts';

interface Supervisor {
  readonly specs: { readonly state: SpecsState; apply(event: SpecsEvent): void };
  readonly loop: {
    readonly state: ChildrenState;
    step(event: ChildrenHappening): void;
    perform(effect: ChildrenEffect): void;
    readonly keeper: { stop(id: string, reason: string, handoff: boolean): void } | null;
  };
  wantChanged(ids: readonly string[]): void;
  linkUp(peer: string): void;
}

const supervisorOf = (life: Life) => life.node.supervisor as unknown as Supervisor;

/** `null` drops the event. */
function alterSpecs(life: Life, alter: (event: SpecsEvent, state: SpecsState) => SpecsEvent | null): void {
  const { specs } = supervisorOf(life);
  const apply = specs.apply.bind(specs);
  specs.apply = (event) => {
    const altered = alter(event, specs.state);
    if (altered !== null) apply(altered);
  };
}

function alterSteps(life: Life, alter: (event: ChildrenHappening) => ChildrenHappening): void {
  const { loop } = supervisorOf(life);
  const step = loop.step.bind(loop);
  loop.step = (event) => step(alter(event));
}

/** `null` leaves it undone. */
function alterEffects(life: Life, alter: (effect: ChildrenEffect) => ChildrenEffect | null): void {
  const { loop } = supervisorOf(life);
  const perform = loop.perform.bind(loop);
  loop.perform = (effect) => {
    const altered = alter(effect);
    if (altered !== null) perform(altered);
  };
}

export const childFaults: readonly Planted[] = [
  {
    name: 'removed children come back with a node that was away: what it holds is taken, seen or not',
    plant(life) {
      const supervisor = supervisorOf(life);
      const { specs } = supervisor;
      const apply = specs.apply.bind(specs);
      specs.apply = (event) => {
        apply(event);
        if (event.type !== 'exchange') return;
        const { entries } = specs.state;
        for (const entry of event.exchange.entries) {
          if (entries.has(entry.spec.id)) continue;
          hold(specs.state, entry);
          supervisor.wantChanged([entry.spec.id]);
        }
      };
    },
  },
  {
    name: 'a removed spec is forgotten at merge: what a peer has seen and holds no more is kept',
    plant(life) {
      alterSpecs(life, (event) =>
        event.type === 'exchange' ? { ...event, exchange: { ...event.exchange, buckets: [] } } : event,
      );
    },
  },
  {
    name: 'specs that were lost on their way are never missed',
    plant(life, world) {
      alterSpecs(life, (event) =>
        event.type === 'hash' || (event.type === 'delta' && world.chance(0.1)) ? null : event,
      );
    },
  },
  {
    name: 'two children stay after a takeover: who has lost the name goes on',
    plant(life) {
      alterEffects(life, (effect) => {
        if (effect.type !== 'stop' || effect.cause !== 'conflict') return effect;
        const child = supervisorOf(life).loop.state.children.get(effect.id)!;
        child.phase = 'running';
        return null;
      });
      const names = insidesOf(life.node).names as unknown as {
        perform(effect: { type: string; key?: { kind: string } }): void;
      };
      const perform = names.perform.bind(names);
      names.perform = (effect) => {
        if (effect.type !== 'name_conflict') perform(effect);
      };
    },
  },
  {
    name: 'restarts are counted for a node, not for a child',
    plant(life) {
      const shared = createLife();
      const { loop } = supervisorOf(life);
      alterSteps(life, (event) => {
        for (const child of loop.state.children.values()) (child as Child).life = shared;
        return event;
      });
    },
  },
  {
    name: 'who leaves ends its children without asking for their state',
    plant(life) {
      alterEffects(life, (effect) => (effect.type === 'stop' ? { ...effect, handoff: false } : effect));
    },
  },
  {
    name: 'a state that is handed over does not arrive',
    plant(life) {
      alterEffects(life, (effect) => (effect.type === 'handover' ? null : effect));
    },
  },
  {
    name: 'a child is started again as it was first asked for',
    plant(life) {
      const first = new Map<string, Want>();
      alterEffects(life, (effect) => {
        if (effect.type !== 'start') return effect;
        const want = first.get(effect.id) ?? effect.want;
        first.set(effect.id, want);
        return { ...effect, want };
      });
    },
  },
  {
    name: 'who sees a node again starts its own children anew',
    plant(life) {
      const supervisor = supervisorOf(life);
      const linkUp = supervisor.linkUp.bind(supervisor);
      supervisor.linkUp = (peer) => {
        linkUp(peer);
        const { state, keeper } = supervisor.loop;
        for (const { id } of state.byPhase.running) keeper?.stop(id, 'shutdown', false);
      };
    },
  },
  {
    name: 'lives of writers are forgotten without a horizon',
    plant(life) {
      alterSpecs(life, (event, { context }) => {
        if (event.type !== 'put') context.horizonMs = 0;
        return event;
      });
    },
  },
  {
    name: 'children of a node that left are forgotten: it still counts for placement',
    plant(life) {
      const { state } = supervisorOf(life).loop;
      alterSteps(life, (event) => {
        if (event.type === 'peer_serves' && !event.serving) return { ...event, serving: true };
        if (event.type !== 'members') return event;
        const left = new Set(
          life.node.members.list().flatMap(({ name, status }) => (status === 'left' ? [name] : [])),
        );
        const members = event.members.map((one) => {
          const before = state.members.get(one.name);
          return left.has(one.name) && before !== undefined ? { ...before, live: true } : one;
        });
        return { ...event, members };
      });
    },
  },
  {
    name: 'nobody is asked before a child is started',
    plant(life) {
      const { loop } = supervisorOf(life);
      alterEffects(life, (effect) => {
        if (effect.type !== 'ask') return effect;
        for (const peer of effect.peers)
          loop.step({ type: 'answer', peer, round: effect.round, held: [], elsewhere: [] });
        return null;
      });
    },
  },
];
