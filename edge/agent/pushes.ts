/**
 * Pushes what the outbox holds over one connection, oldest first, one push at a time; what the gateway said yes to is taken
 * out. Between the outbox and a channel.
 */
import type { GatewayStatusRequest } from '../../proto/index.ts';
import type { Clock, Log, Random } from '../../runtime/index.ts';
import { CallFailed, type GatewayChannel } from './gateway-channel.ts';
import type { KeptResult } from './kept-result.ts';
import { changedPushMs, pushEveryMs, pushItemsMax } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { firstPush, type PushState, type PushVerdict, stepPush } from './push-decision.ts';
import { itemOf } from './pushed-item.ts';

export interface PushesNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly channel: GatewayChannel;
  readonly agentId: string;
  readonly partition: string;
  readonly isOnlyGateway: boolean;
  nowMs(): number;
  /** This gateway cannot be used now. */
  leave(why: CallFailed): void;
}

export class Pushes {
  private readonly needs: PushesNeeds;
  private state: PushState = firstPush;
  private cancel: (() => void) | null = null;
  private dueAtMs = Number.POSITIVE_INFINITY;
  private underWay: Promise<void> | null = null;
  private ended = false;

  constructor(needs: PushesNeeds) {
    this.needs = needs;
    this.pushAfter(0);
  }

  /** Something is kept: what has changed is told sooner. */
  noted(hasChanged: boolean): void {
    if (this.underWay !== null || this.state.failures > 0) return;
    // Agents that began together do not push together.
    this.pushAfter(hasChanged ? changedPushMs : pushEveryMs * (0.5 + this.needs.random.next() / 2));
  }

  /** Begins no further push; resolves when the one that is under way is over. */
  async end(): Promise<void> {
    this.ended = true;
    this.cancel?.();
    await this.underWay;
  }

  private pushAfter(ms: number): void {
    const atMs = this.needs.clock.monotonicMs() + ms;
    if (this.ended || (this.cancel !== null && this.dueAtMs <= atMs)) return;
    this.cancel?.();
    this.dueAtMs = atMs;
    this.cancel = this.needs.clock.timer(ms, () => {
      this.cancel = null;
      this.underWay ??= this.push().finally(() => {
        this.underWay = null;
        if (this.again !== null) this.pushAfter(this.again);
      });
    });
  }

  private again: number | null = null;

  private async push(): Promise<void> {
    const { outbox, isOnlyGateway, log, leave } = this.needs;
    this.again = null;
    const batch = outbox.next(this.state.size);
    if (batch === null) return;
    const pushed = batch.results.length;
    const failure = await this.send(batch.results).then(
      () => null,
      (error: unknown) => error as CallFailed,
    );
    if (failure !== null && !(failure instanceof CallFailed)) throw failure;
    const answer =
      failure === null
        ? ({ type: 'stored' } as const)
        : ({ type: 'failed', status: failure.status, code: failure.code, pushed } as const);
    const { state, verdict } = stepPush(this.state, answer, isOnlyGateway);
    this.state = state;
    if (failure !== null) {
      const fields = { code: failure.code, detail: failure.message, pushed, next: verdict.type };
      log('warn', 'results were not taken', fields);
    }
    this.follow(verdict, batch.upTo, leave, failure);
  }

  private follow(
    verdict: PushVerdict,
    upTo: Parameters<Outbox['taken']>[0],
    leave: PushesNeeds['leave'],
    failure: CallFailed | null,
  ): void {
    if (verdict.type === 'taken' || verdict.type === 'refused') {
      this.needs.outbox.taken(upTo);
      this.again = this.needs.outbox.totals().waiting > 0 ? 0 : null;
    } else if (verdict.type === 'again') this.again = verdict.afterMs;
    else if (!this.ended && failure !== null) leave(failure);
  }

  private async send(results: readonly KeptResult[]): Promise<void> {
    const { channel } = this.needs;
    if (results.length <= pushItemsMax) {
      await channel.push(this.requestOf(results));
      return;
    }
    const totalChunks = Math.ceil(results.length / pushItemsMax);
    const chunks = Array.from({ length: totalChunks }, (_, chunkIndex) => ({
      ...this.requestOf(results.slice(chunkIndex * pushItemsMax, (chunkIndex + 1) * pushItemsMax)),
      ...{ chunkIndex, totalChunks, isFinal: chunkIndex === totalChunks - 1 },
    }));
    await channel.stream(chunks);
  }

  private requestOf(results: readonly KeptResult[]): GatewayStatusRequest {
    const { agentId, partition, nowMs } = this.needs;
    return {
      ...{ services: results.map(itemOf), agentId, partition, timestamp: Math.floor(nowMs() / 1_000) },
      ...{ gatewayId: '', sourceIp: '', kvStoreId: '', configSource: '', version: '', hostname: '' },
      ...{ os: '', arch: '' },
    };
  }
}
