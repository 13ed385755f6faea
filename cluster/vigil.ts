/**
 * Membership's shell: heartbeats out, ticks in, probes and views over the links, and announcements to whoever must
 * know. Performs what the pure membership decides; also notices when this process itself did not run.
 */
import type { Clock, Recorder, Recording } from '../runtime/index.ts';
import { Beat } from './beat.ts';
import type { Member, Members, NodeStatus } from './cluster-view.ts';
import type { Codec } from './codec.ts';
import type { ControlFrame } from './frame.ts';
import { type Lateness, lateTick, onTime } from './lateness.ts';
import { heartbeatIntervalMs, membershipTickMs, stoodStillMs } from './limits.ts';
import type { Link } from './link.ts';
import { LoopLag } from './loop-lag.ts';
import { createMembership, explainMember, type MembershipEvent, stepMembership } from './membership.ts';
import {
  heardAgoMs,
  type MembershipEffect,
  type MembershipState,
  type PeerIdentity,
} from './membership-peer.ts';
import {
  bootsOf,
  heardOfIn,
  liveIn,
  members,
  type NodeRole,
  readView,
  rolesOf,
  viewHash,
  viewOf,
} from './membership-view.ts';
import { membershipForm } from './record-membership.ts';
import type { Split } from './split.ts';
import { SplitVigil } from './split-vigil.ts';

export interface VigilNeeds {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly self: PeerIdentity;
  readonly pid: number;
  readonly recorder: Recorder;
  linkTo(node: string): Link | null;
  nodeLinks(): Iterable<Link>;
  dial(name: string, address: string, delayMs: number): void;
  closeLink(name: string, code: string, because: string): void;
  heads(): { high: number; low: number };
  /** The peer's hash of all registry heads, from its heartbeat. */
  headsHeard(name: string, high: number, low: number): void;
  /** This process did not run for so long that others called it dead (`stoodStillMs`). */
  stoodStill(gapMs: number): void;
  announced(announcement: MembershipEffect & { type: 'announce' }): void;
  superseded(detail: string): void;
  log(level: 'debug' | 'info' | 'warn', message: string, fields: Record<string, unknown>): void;
}

export class Vigil implements Members {
  private readonly needs: VigilNeeds;
  private readonly state: MembershipState;
  private readonly record: Recording<MembershipState, MembershipEvent, MembershipEffect>;
  private readonly watchers = new Set<() => void>();
  /** Before the first tick and after the last nothing is late. */
  private lastTickMs = Number.POSITIVE_INFINITY;
  private lateness: Lateness = onTime;
  private lastBeatMs = 0;
  private nonce = 0;
  private readonly splits: SplitVigil;
  private cancelTick: () => void = () => {};
  /** Times that this process did not run, as `lateTick` judges. */
  pauses = 0;
  readonly lag = new LoopLag();

  constructor(needs: VigilNeeds) {
    this.needs = needs;
    this.state = createMembership(needs.self);
    this.record = needs.recorder.machine(membershipForm);
    this.splits = new SplitVigil({ ...needs, told: () => this.tellWatchers() });
  }

  begin(): void {
    this.lastTickMs = this.needs.clock.monotonicMs();
    this.tickLater();
  }

  stop(): void {
    this.cancelTick();
    this.lastTickMs = Number.POSITIVE_INFINITY;
  }

  /**
   * Whether this process stood still is asked before anything is decided, not only when the tick comes: what is looked at
   * first after it (a certificate that ended, bytes that lay in a socket) must not be judged as if no time had passed.
   */
  notice(nowMs: number): void {
    if (nowMs - this.lastTickMs >= membershipTickMs + stoodStillMs) this.late(nowMs);
  }

  apply(event: MembershipEvent): void {
    this.notice(event.nowMs);
    const { heardOf } = this.state;
    const { effects } = this.record.step(this.state, event, stepMembership);
    for (const effect of effects) this.perform(effect);
    if (this.state.heardOf !== heardOf) this.tellWatchers();
  }

  list(): Member[] {
    const { clock } = this.needs;
    const views = members(this.state, clock.monotonicMs());
    const wallMs = clock.wallMs();
    return views
      .map((view) => ({
        name: view.name,
        role: view.role,
        status: view.status as NodeStatus,
        boot: view.boot,
        incarnation: view.incarnation,
        address: view.address,
        tenant: view.tenant,
        pid: view.name === this.state.self.name ? this.needs.pid : this.pidOf(view.name),
        rttMs: view.rttMs === null ? null : Math.round(view.rttMs * 1000) / 1000,
        lastSeenMs: Math.round(wallMs - view.ageMs),
        because: explainMember(this.state, view.name),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  readonly boots = (): Map<string, number> => bootsOf(this.state);
  readonly roles = (): NodeRole[] => rolesOf(this.state);
  readonly heardOf = (): string[] => heardOfIn(this.state);
  readonly live = (role: string): string[] => liveIn(this.state, role);

  split(): (Split & { sinceMs: number }) | null {
    return this.splits.present();
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.watchers.add(onChange);
    signal.addEventListener('abort', () => this.watchers.delete(onChange));
  }

  linked(link: Link): void {
    link.beat = new Beat(this.needs.clock.monotonicMs());
    this.beat(link);
  }

  /** Membership frames of a linked node. */
  receive(link: Link, name: string, boot: number, frame: ControlFrame): void {
    const nowMs = this.needs.clock.monotonicMs();
    const { beat } = link;
    if (beat === null) return;
    switch (frame.kind) {
      case 'heartbeat':
        this.heard(link, beat, name, boot, frame.header, nowMs);
        return;
      case 'view': {
        const entries = readView(this.needs.codec.decode(frame.payload), this.state.self.tenant);
        if (entries === null) link.close('cannot_decode', 'a view that is none');
        else this.apply({ type: 'gossip', from: name, entries, lateMs: beat.lateMs(nowMs), nowMs });
        return;
      }
      case 'probe': {
        const { subject, subjectBoot, nonce } = frame.header;
        const peer = this.state.peers.get(subject);
        if (peer === undefined || peer.identity.boot !== subjectBoot || !peer.linked) return;
        link.sendControl('probe_alive', { nonce, subjectBoot, ageMs: heardAgoMs(peer, nowMs), subject });
        return;
      }
      case 'probe_alive': {
        const { subject, subjectBoot, nonce } = frame.header;
        const ageMs = frame.header.ageMs + beat.lateMs(nowMs, nonce);
        this.apply({ type: 'indirect_alive', name: subject, boot: subjectBoot, by: name, ageMs, nowMs });
        return;
      }
      case 'leaving':
        this.apply({ type: 'peer_leaving', name, boot, nowMs });
        return;
    }
  }

  private heard(
    link: Link,
    beat: Beat,
    name: string,
    boot: number,
    header: Extract<ControlFrame, { kind: 'heartbeat' }>['header'],
    nowMs: number,
  ): void {
    const rttMs = beat.heard(header.sequence, header.echo, header.echoAgeMs, nowMs);
    this.apply({ type: 'heartbeat', name, boot, incarnation: header.incarnation, nowMs, rttMs });
    this.needs.headsHeard(name, header.headsHigh, header.headsLow);
    const audience = link.fence?.tenant ?? null;
    // A tenant's node tells nobody of others.
    if (this.state.self.tenant !== null || header.viewHash === viewHash(this.state, audience)) return;
    link.sendControl('view', {}, this.needs.codec.encode(viewOf(this.state, nowMs, audience)));
  }

  private beat(link: Link): void {
    const { beat } = link;
    if (beat === null) return;
    const nowMs = this.needs.clock.monotonicMs();
    const sequence = beat.next(nowMs);
    const audience = link.fence?.tenant ?? null;
    // What all names hash to is nothing for a tenant's node, which has few of them.
    const { high, low } = audience === null ? this.needs.heads() : { high: 0, low: 0 };
    link.sendControl('heartbeat', {
      incarnation: this.state.incarnation,
      sequence,
      echo: beat.heardSequence,
      echoAgeMs: Math.min(0xffff_ffff, Math.max(0, Math.round(nowMs - beat.heardAtMs))),
      viewHash: viewHash(this.state, audience),
      headsHigh: high >>> 0,
      headsLow: low >>> 0,
    });
  }

  private tickLater(): void {
    this.cancelTick = this.needs.clock.timer(membershipTickMs, () => this.tick());
  }

  private late(nowMs: number): void {
    const byMs = nowMs - this.lastTickMs - membershipTickMs;
    const late = lateTick(this.lateness, byMs, nowMs);
    this.lag.note(byMs, nowMs);
    this.lastTickMs = nowMs;
    this.lateness = late.lateness;
    const gapMs = late.lostMs;
    if (gapMs === 0) return;
    this.pauses += 1;
    this.needs.log('warn', 'this process did not run', { gapMs: Math.round(gapMs) });
    this.apply({ type: 'paused', gapMs, nowMs });
    // In one piece: between pieces heartbeats were sent.
    if (byMs >= stoodStillMs) this.needs.stoodStill(byMs);
  }

  private tick(): void {
    const nowMs = this.needs.clock.monotonicMs();
    this.late(nowMs);
    if (nowMs - this.lastBeatMs >= heartbeatIntervalMs - membershipTickMs / 2) {
      this.lastBeatMs = nowMs;
      for (const link of this.needs.nodeLinks()) this.beat(link);
    }
    // What the sockets hold is heard before anyone is judged: a late process reads first. The time that this takes is held
    // against nobody, because what comes meanwhile is not heard: a long one is a late tick, when the next is due.
    this.needs.clock.afterIo(() => {
      this.apply({ type: 'tick', nowMs });
      this.splits.look(this.state, nowMs);
    });
    this.tickLater();
  }

  private tellWatchers(): void {
    for (const watcher of [...this.watchers]) watcher();
  }

  private perform(effect: MembershipEffect): void {
    const { needs } = this;
    switch (effect.type) {
      case 'dial':
        needs.dial(effect.name, effect.address, effect.delayMs);
        return;
      case 'close_link':
        needs.closeLink(effect.name, effect.code, effect.because);
        return;
      case 'announce': {
        const { name, role, status, was, because } = effect;
        const level = status === 'down' || status === 'suspect' ? 'warn' : 'info';
        needs.log(level, `${name} is ${status}`, { member: name, role, was, because });
        needs.announced(effect);
        this.tellWatchers();
        return;
      }
      case 'probe':
        for (const via of effect.via) {
          this.nonce = (this.nonce + 1) % 0x1_0000_0000;
          const header = { nonce: this.nonce, subjectBoot: effect.boot, subject: effect.name };
          const link = needs.linkTo(via);
          if (link === null) continue;
          link.beat?.asks(this.nonce, needs.clock.monotonicMs());
          link.sendControl('probe', header);
        }
        return;
      case 'refute':
        for (const link of needs.nodeLinks()) this.beat(link);
        return;
      case 'own_boot_superseded':
        needs.superseded(`a later boot (${effect.boot}) of this node's name is known`);
        return;
    }
  }

  private pidOf(name: string): number | null {
    return this.needs.linkTo(name)?.peer?.greeting.pid ?? null;
  }
}
