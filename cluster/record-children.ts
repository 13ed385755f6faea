/**
 * What the flight recorder keeps of the supervisor's decisions about children, and how a replay steps them. Between
 * `children.ts` and the recorder. Kept are ids, kinds, tenants, nodes and reasons that are codes; arguments, states that
 * are handed over and what errors said are not.
 */
import { plainReason, type ReplayForm, type Witness } from '../runtime/index.ts';
import { type ChildrenEffect, type ChildrenEvent, stepChildren } from './children.ts';
import type { Child, ChildrenState } from './children-state.ts';
import { recordRowsMax } from './limits.ts';
import { hashIds, type KeptWant, plainWant, restoreWant } from './record-child.ts';
import {
  type KeptChildren,
  restoreChildren,
  snapshotChildren,
  weightOfChildren,
} from './record-children-state.ts';

type ChildrenWitness = Witness<ChildrenState, ChildrenEvent, ChildrenEffect>;

export const childrenForm: ReplayForm<ChildrenState, ChildrenEvent, ChildrenEffect> = {
  kind: 'children',
  version: 1,
  changesInPlace: true,
  weightBytes: weightOfChildren,
  snapshot: snapshotChildren,
  restore: (snapshot) => restoreChildren(snapshot as KeptChildren),
  isHuge: (event) => rowsIn(event) > recordRowsMax,
  event: plainEvent,
  effect: digestOf,
  step(state, event) {
    return stepChildren(state, restoreEvent(event));
  },
  tell: (effect) => told(effect),
  witness: (subject) => witnessOf(subject),
};

function rowsIn(event: ChildrenEvent): number {
  switch (event.type) {
    case 'wants':
    case 'names':
      return event.changes.length;
    case 'ask':
    case 'started':
      return event.ids.length;
    case 'answer':
      return event.held.length + event.elsewhere.reduce((sum, [, ids]) => sum + ids.length, 0);
    default:
      return 0;
  }
}

function plainEvent(event: ChildrenEvent): unknown {
  switch (event.type) {
    case 'wants':
      return {
        ...event,
        changes: event.changes.map(({ id, want, holder }) => ({ id, want: want && plainWant(want), holder })),
      };
    case 'handover':
      return { ...event, state: null };
    case 'ended':
      return { ...event, reason: plainReason(event.reason), detail: null, state: null };
    default:
      return event;
  }
}

/** As it was kept, but for what a want is made of. */
function restoreEvent(event: ChildrenEvent): ChildrenEvent {
  if (event.type !== 'wants') return event;
  const changes = event.changes.map((change) => {
    const kept = change.want as unknown as KeptWant | null;
    return { ...change, want: kept && restoreWant(change.id, kept) };
  });
  return { ...event, changes };
}

/** Lists of ids as their counts and sums. */
function digestOf(effect: ChildrenEffect): unknown {
  switch (effect.type) {
    case 'meet':
      return [effect.type, effect.peers, effect.round];
    case 'ask':
      return [effect.type, effect.peers, effect.round, hashIds(effect.ids)];
    case 'answer': {
      const elsewhere = effect.elsewhere.map(([node, ids]) => [node, hashIds(ids)]);
      return [effect.type, effect.peer, effect.round, hashIds(effect.held), elsewhere];
    }
    case 'start':
      return [effect.type, effect.id, effect.want.version];
    case 'handover':
      return [effect.type, effect.peer, effect.id, effect.version, effect.hops];
    case 'report':
      return [effect.type, effect.id, effect.version, effect.code];
    default:
      return effect;
  }
}

function told(effect: ChildrenEffect): string {
  switch (effect.type) {
    case 'tell_serving':
      return effect.serving ? 'tells all that it takes children' : 'tells all that it takes children no more';
    case 'ask':
      return `asks ${effect.peers.join(', ')} whether they have any of ${effect.ids.length} children`;
    case 'meet':
      return `asks ${effect.peers.join(', ')} whether they are there`;
    case 'answer': {
      const others = effect.elsewhere.map(([node, ids]) => `, ${node} ${ids.length}`);
      return `answers ${effect.peer}: it has ${effect.held.length} of these children${others.join('')}`;
    }
    case 'start':
      return `starts ${effect.id}`;
    case 'stop':
      return `stops ${effect.id}: ${effect.cause}`;
    case 'handover':
      return `hands ${effect.id} over to ${effect.peer}`;
    case 'report':
      return `reports that ${effect.id} does not run: ${effect.code}`;
    case 'drained':
      return 'has given all children away';
  }
}

/** What was heard of one child, and what became of it here. */
function witnessOf(subject: string): ChildrenWitness {
  let before: string | null = null;
  return (state, event, effects) => {
    const child = state.children.get(subject);
    const now = child === undefined ? null : placeText(child);
    const reasons: string[] = [];
    if (event !== null) {
      if (before !== now && child !== undefined) reasons.push(`${now}; ${because(subject, event, child)}`);
      else if (now === null && before !== null) reasons.push('nobody wants it any more');
      for (const effect of effects) if ('id' in effect && effect.id === subject) reasons.push(told(effect));
    }
    before = now;
    return reasons;
  };
}

function placeText({ owner, phase, holder }: Child): string {
  const here = phase === 'elsewhere' ? 'is not here' : `is ${phase} here`;
  return `belongs on ${owner ?? 'no node'}, ${here}${holder === null ? '' : `, its name is on ${holder}`}`;
}

function because(subject: string, event: ChildrenEvent, child: Child): string {
  switch (event.type) {
    case 'members':
      return `live: ${event.members
        .filter(({ live }) => live)
        .map(({ name }) => name)
        .join(', ')}`;
    case 'peer_serves':
      return `${event.peer} ${event.serving ? 'takes children' : 'takes children no more'}`;
    case 'wants':
      return 'what is wanted changed';
    case 'names': {
      const seen = event.changes.findLast(([id]) => id === subject);
      return seen === undefined ? 'names changed' : `its name is on ${seen[1] ?? 'no node'}`;
    }
    case 'answer':
      return `${event.peer} answered`;
    case 'started':
      return 'it runs';
    case 'ended':
      return event.id === subject ? `it ended (${event.reason})` : `${event.id} ended`;
    case 'handover':
      return 'it was handed over';
    case 'serve':
      return 'this node takes children from now on';
    case 'stood_still':
      return `this node did not run for ${Math.round(event.gapMs)} ms`;
    case 'peer_linked':
      return `there is a new link to ${event.peer}`;
    case 'drain':
      return 'this node gives its children away';
    case 'ask':
      return `${event.peer} asked for children`;
    case 'tick':
      return child.phase === 'queued' || child.phase === 'starting' ? 'its turn came' : 'its time came';
  }
}
