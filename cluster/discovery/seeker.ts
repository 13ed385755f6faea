/**
 * Discovery's shell: runs the sessions of its source, lets the mesh dial what the decision wants, and keeps the one timer.
 * Between an address source and the mesh. Decides nothing (`decision.ts` does), and knows no strategy.
 */
import type { Clock, Log, Random } from '../../runtime/index.ts';
import type { AddressSource } from '../ports/address-source.ts';
import {
  type DialOutcome,
  type DiscoveryEffect,
  type DiscoveryEvent,
  discoveryDueMs,
  stepDiscovery,
} from './decision.ts';
import { createDiscovery, type DiscoveryState } from './hints.ts';
import { sourceStopMs } from './limits.ts';

export interface SeekerNeeds {
  readonly source: AddressSource;
  readonly clock: Clock;
  readonly random: Random;
  /** Dials; `outcome` is called once. */
  reach(address: string, outcome: (outcome: DialOutcome) => void): void;
  readonly log: Log;
}

export class Seeker {
  private readonly needs: SeekerNeeds;
  private readonly state: DiscoveryState;
  private readonly ending = new AbortController();
  private session: Promise<void> = Promise.resolve();
  private own = '';
  private cancelTimer: () => void = () => {};
  private armedMs = Number.POSITIVE_INFINITY;
  /** Effects may bring events before they are all performed: those wait their turn. */
  private readonly events: DiscoveryEvent[] = [];
  private stepping = false;

  constructor(needs: SeekerNeeds) {
    this.needs = needs;
    this.state = createDiscovery(needs.source);
  }

  /** The first of `own` is where others reach this node. */
  begin(own: readonly string[]): void {
    this.own = own[0] ?? '';
    this.apply({ type: 'begin', own, nowMs: this.nowMs() });
  }

  linked(node: string, address: string): void {
    this.apply({ type: 'linked', node, address, nowMs: this.nowMs() });
  }

  unlinked(node: string): void {
    this.apply({ type: 'unlinked', node, nowMs: this.nowMs() });
  }

  left(node: string, address: string): void {
    this.apply({ type: 'left', node, address, nowMs: this.nowMs() });
  }

  /** Resolves when the source has taken back what it announced, or has not in `sourceStopMs`. */
  async stop(): Promise<void> {
    this.ending.abort();
    this.cancelTimer();
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.needs.clock.timer(sourceStopMs, resolve);
    });
    await Promise.race([this.session, late]);
    cancel();
  }

  private apply(event: DiscoveryEvent): void {
    if (this.ending.signal.aborted) return;
    this.events.push(event);
    if (this.stepping) return;
    this.stepping = true;
    try {
      for (let next = this.events.shift(); next !== undefined; next = this.events.shift()) {
        const { effects } = stepDiscovery(this.state, next, this.needs.random);
        for (const effect of effects) this.perform(effect);
      }
    } finally {
      this.stepping = false;
    }
    this.arm();
  }

  private arm(): void {
    const dueMs = discoveryDueMs(this.state);
    if (dueMs === this.armedMs) return;
    this.cancelTimer();
    this.armedMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.cancelTimer = this.needs.clock.timer(Math.max(0, Math.ceil(dueMs - this.nowMs())), () => {
      this.armedMs = Number.POSITIVE_INFINITY;
      this.apply({ type: 'tick', nowMs: this.nowMs() });
    });
  }

  private perform(effect: DiscoveryEffect): void {
    const { log, reach } = this.needs;
    if (this.ending.signal.aborted) return;
    switch (effect.type) {
      case 'ask':
        this.session = this.ask();
        return;
      case 'dial': {
        const { address } = effect;
        reach(address, (outcome) => {
          if (outcome.type === 'failed') log('debug', 'an address does not answer', { address, ...outcome });
          this.apply({ type: 'dialled', address, outcome, nowMs: this.nowMs() });
        });
        return;
      }
      case 'say':
        log(effect.level, effect.message, { ...effect.fields });
    }
  }

  private async ask(): Promise<void> {
    const { source, log } = this.needs;
    try {
      await source.session({
        own: this.own,
        signal: this.ending.signal,
        tell: (addresses) => this.apply({ type: 'told', addresses, nowMs: this.nowMs() }),
      });
      this.apply({ type: 'session_ended', nowMs: this.nowMs() });
    } catch (error) {
      const { code = 'discovery_failed', message = String(error) } = (error ?? {}) as {
        code?: string;
        message?: string;
      };
      // The rooms' errors begin with their code.
      const detail = message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
      log('debug', 'discovery was tried', { source: source.title, code, detail });
      this.apply({ type: 'session_failed', code, detail, nowMs: this.nowMs() });
    }
  }

  private nowMs(): number {
    return this.needs.clock.monotonicMs();
  }
}
