/**
 * Runs the machine that decides about supervised children (children.ts): one event after the other, its effects out to the
 * other nodes, to the registry and to the keeper of this node's children, and a tick when something falls due. Between the
 * supervisor's door and everything that it touches.
 */
import {
  type ActorSystem,
  type Log,
  messageOf,
  type Recorder,
  type Recording,
  type Ref,
} from '../runtime/index.ts';
import { keyOfChild } from './child-spec.ts';
import { type ChildrenEffect, type ChildrenEvent, type ChildrenHappening, stepChildren } from './children.ts';
import { nextTickMs } from './children-rates.ts';
import { type ChildrenState, createChildren } from './children-state.ts';
import type { Word } from './children-wire.ts';
import type { Directory } from './directory.ts';
import type { RegistryKey } from './names.ts';
import { childrenForm } from './record-children.ts';
import { type ChildKind, Keeper } from './supervisor-keeper.ts';
import type { Vigil } from './vigil.ts';

export interface LoopNeeds {
  readonly system: ActorSystem;
  readonly role: string;
  readonly names: Directory;
  readonly members: Pick<Vigil, 'notice'>;
  readonly recorder: Recorder;
  readonly log: Log;
  /** To one node, or to all that are linked. False: there is no link. */
  say(to: string | null, word: Word): boolean;
  tellServing(): void;
  report(id: string, version: string, code: 'child_failed' | 'unknown_kind', detail: string): void;
  drained(): void;
}

const reasonOf = {
  removed: 'shutdown',
  replaced: 'shutdown',
  moved: 'shutdown',
  conflict: 'name_conflict',
  hung: 'kill',
  paused: 'paused',
} as const;

export class SupervisorLoop {
  readonly state: ChildrenState;
  keeper: Keeper | null = null;
  private readonly needs: LoopNeeds;
  private readonly record: Recording<ChildrenState, ChildrenEvent, ChildrenEffect>;
  private readonly queue: ChildrenHappening[] = [];
  /** Of this turn, to be stepped together: there may be thousands. */
  private names: [key: RegistryKey, node: string | null][] = [];
  private starts: [id: string, ref: Ref][] = [];
  private gatherAsked = false;
  private stepping = false;
  private tickAtMs: number | null = null;
  private cancelTick: () => void = () => {};

  constructor(needs: LoopNeeds) {
    this.needs = needs;
    this.state = createChildren(needs.system.node, needs.role);
    this.record = needs.recorder.machine(childrenForm);
  }

  serve(kinds: Readonly<Record<string, ChildKind>>, quietMs: number): void {
    const { system } = this.needs;
    this.keeper = new Keeper(
      {
        system,
        started: (id, ref) => {
          this.starts.push([id, ref]);
          this.gather();
        },
        ended: (id, ref, reason, detail, state) => this.ended(id, ref, reason, detail, state),
      },
      kinds,
    );
    this.step({ type: 'serve', kinds: Object.keys(kinds), quietMs });
  }

  /**
   * What an effect brings about at once waits until the event before it is done with. That this process stood still comes
   * before whatever is found first after it: nothing is started by what was known before.
   */
  step(event: ChildrenHappening): void {
    const nowMs = this.needs.system.clock.monotonicMs();
    if (!this.stepping) this.needs.members.notice(nowMs);
    this.queue.push(event);
    if (this.stepping) return;
    this.stepping = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
        const { effects } = this.record.step(this.state, { ...next, nowMs }, stepChildren);
        for (const effect of effects) this.perform(effect);
      }
    } finally {
      this.stepping = false;
    }
    this.tickLater(nowMs);
  }

  end(): void {
    this.cancelTick();
    this.keeper?.end();
  }

  /** The registry shows the child's name there now. */
  nameSeen(key: RegistryKey, node: string | null): void {
    this.names.push([key, node]);
    this.gather();
  }

  /** What is wanted under the id now may have another name than what was: who holds that one keeps nothing from starting. */
  isNameOf(key: RegistryKey): boolean {
    const want = this.state.children.get(key.id)?.want ?? null;
    if (want === null) return true;
    const { tenant, partition, kind } = keyOfChild(want.spec);
    return tenant === key.tenant && partition === key.partition && kind === key.kind;
  }

  private gather(): void {
    if (this.gatherAsked) return;
    this.gatherAsked = true;
    this.needs.system.clock.soon(() => {
      this.gatherAsked = false;
      const names = this.names.filter(([key]) => this.isNameOf(key));
      // One that has ended meanwhile may be under start again.
      const starts = this.starts.filter(([id, ref]) => this.keeper?.refOf(id)?.id === ref.id);
      this.names = [];
      this.starts = [];
      if (names.length > 0) this.step({ type: 'names', changes: names.map(([key, node]) => [key.id, node]) });
      if (starts.length === 0) return;
      this.step({ type: 'started', ids: starts.map(([id]) => id) });
      for (const [id, ref] of starts) this.claimName(id, ref);
    });
  }

  private claimName(id: string, ref: Ref): void {
    const child = this.state.children.get(id);
    if (child?.phase !== 'running' || this.keeper?.refOf(id)?.id !== ref.id) return;
    const { names, system } = this.needs;
    const { spec, version } = child.started!;
    const key = keyOfChild(spec);
    if (names.supervise(key, ref, { version })) return;
    const holder = names.entry(key)?.node ?? null;
    if (holder === system.node) system.exit(ref, 'name_taken');
    else this.nameSeen(key, holder);
  }

  private ended(id: string, ref: Ref, reason: string, detail: string | null, state: unknown): void {
    const child = this.state.children.get(id);
    if (child?.started) {
      const { names } = this.needs;
      const key = keyOfChild(child.started.spec);
      // The name is free before anybody is told that it may start there.
      names.unsupervise(key, ref);
      // Below the own name another's may have been: it is seen before the child is started again.
      const holder = names.entry(key);
      if (holder !== null && this.isNameOf(key)) this.step({ type: 'names', changes: [[id, holder.node]] });
    }
    this.step({ type: 'ended', id, reason, detail, state, random: this.needs.system.random.next() });
  }

  private perform(effect: ChildrenEffect): void {
    const { needs } = this;
    switch (effect.type) {
      case 'tell_serving':
        needs.tellServing();
        return;
      case 'ask':
        for (const peer of effect.peers) {
          // Who cannot be asked is not waited for; what the registry shows of it is not started even so.
          if (needs.say(peer, effect)) continue;
          this.step({ type: 'answer', peer, round: effect.round, held: [], elsewhere: [] });
        }
        return;
      case 'meet':
        for (const peer of effect.peers) needs.say(peer, { type: 'ask', round: effect.round, ids: [] });
        return;
      case 'answer':
        needs.say(effect.peer, effect);
        return;
      case 'start':
        this.keeper!.start(effect.id, effect.want.spec.kind, effect.want.spec.args, effect.handed);
        return;
      case 'stop':
        // Whoever meets this node again must not find a name that others have by now.
        if (effect.cause === 'paused') this.giveUpName(effect.id);
        this.keeper!.stop(effect.id, reasonOf[effect.cause], effect.handoff);
        return;
      case 'handover':
        this.handOver(effect);
        return;
      case 'report':
        needs.log('warn', 'a supervised child does not run', { child: effect.id, ...effect });
        needs.report(effect.id, effect.version, effect.code, effect.detail);
        return;
      case 'drained':
        needs.drained();
        return;
    }
  }

  private giveUpName(id: string): void {
    const ref = this.keeper!.refOf(id);
    const started = this.state.children.get(id)?.started;
    if (ref !== null && started) this.needs.names.unsupervise(keyOfChild(started.spec), ref);
  }

  /** A state that cannot travel stays behind: the child starts afresh. */
  private handOver(effect: ChildrenEffect & { type: 'handover' }): void {
    try {
      this.needs.say(effect.peer, effect);
    } catch (error) {
      this.needs.log('error', 'a state cannot be handed over', { child: effect.id, error: messageOf(error) });
      this.needs.say(effect.peer, { ...effect, state: null });
    }
  }

  private tickLater(nowMs: number): void {
    const delayMs = nextTickMs(this.state);
    if (delayMs === null || (this.tickAtMs !== null && this.tickAtMs <= nowMs + delayMs)) return;
    this.cancelTick();
    this.tickAtMs = nowMs + delayMs;
    this.cancelTick = this.needs.system.clock.timer(delayMs, () => {
      this.tickAtMs = null;
      this.step({ type: 'tick' });
    });
  }
}
