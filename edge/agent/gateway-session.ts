/**
 * One connection from hello to its end: the config and its polls, the control stream, the pushes, the renewal when its time
 * has come. Tells once why it ended. Between a channel and the program, which dials the next.
 */
import type { AgentHelloRequest, SourceGiven } from '../../proto/index.ts';
import { type Clock, type Log, messageOf, type Random } from '../../runtime/index.ts';
import type { DocumentWire } from '../document-wire.ts';
import { differenceMs } from './clock-difference.ts';
import { commandTypes, sourceCapability, sweepCapability } from './command-decision.ts';
import { ControlStream } from './control-stream.ts';
import { CallFailed, GatewayChannel } from './gateway-channel.ts';
import { configAgainMs } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { OwnChecks } from './own-checks.ts';
import { nextRequest, type OwnIdentity, takeRenewed } from './own-identity.ts';
import type { OwnSources } from './own-sources.ts';
import type { OwnSweeps } from './own-sweeps.ts';
import { Pushes } from './pushes.ts';
import { renewAgainAfterMs, renewAtMs } from './renewal-time.ts';

export interface AgentFacts {
  readonly version: string;
  readonly hostname: string;
  readonly os: string;
  readonly arch: string;
  readonly capabilities: readonly string[];
}

export interface SessionNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly checks: OwnChecks;
  readonly sweeps: OwnSweeps;
  readonly sources: OwnSources;
  readonly facts: AgentFacts;
  readonly identity: OwnIdentity;
  /** Where a renewed certificate is written. */
  readonly credentialFolder: string;
  readonly endpoint: string;
  readonly isOnlyGateway: boolean;
  readonly renewNow: boolean;
  /** Results that could not be kept and were not told of yet. */
  readonly dropped: number;
  /** Milliseconds that this machine's clock is behind. */
  difference(ms: number): void;
  nowMs(): number;
  connected(): void;
}

export type SessionEnd =
  | { readonly type: 'lost'; readonly why: CallFailed | null; readonly wasTold: boolean }
  /** There is a new certificate: the same gateway is dialled with it. */
  | { readonly type: 'renewed'; readonly identity: OwnIdentity; readonly wasTold: boolean };

export class GatewaySession {
  readonly ended: Promise<SessionEnd>;
  private readonly needs: SessionNeeds;
  private readonly channel: GatewayChannel;
  private readonly timers = new Set<() => void>();
  private pushes: Pushes | null = null;
  private control: ControlStream | null = null;
  private finish: (end: SessionEnd) => void = () => {};
  private isOver = false;
  private wasTold = false;

  constructor(needs: SessionNeeds) {
    this.needs = needs;
    const { clock, endpoint, identity } = needs;
    this.channel = new GatewayChannel(endpoint, identity.credential, () => clock.wallMs());
    this.ended = new Promise((resolve) => {
      this.finish = resolve;
    });
    void this.begin().catch((error: unknown) => this.lose(asFailure(error)));
  }

  noted(hasChanged: boolean): void {
    this.pushes?.noted(hasChanged);
  }

  /** Ends it in order: a push that is under way is waited for. */
  async end(): Promise<void> {
    const { pushes } = this;
    this.over();
    await pushes?.end();
    this.channel.close();
    this.finish({ type: 'lost', why: null, wasTold: this.wasTold });
  }

  /** A stream of documents over this connection. */
  documents(): DocumentWire {
    return this.channel.documents();
  }

  /** What a run of a source needs, asked over this connection. */
  take(run: string, from: number): Promise<SourceGiven> {
    return this.channel.take({ run, from });
  }

  private async begin(): Promise<void> {
    const { channel, needs } = this;
    const { clock, checks, sweeps, sources, identity, outbox, random, log, isOnlyGateway } = needs;
    const askedAtMs = clock.wallMs();
    const hello = this.hello();
    const answer = await channel.hello(hello);
    if (this.isOver) return;
    this.wasTold = true;
    needs.difference(differenceMs(answer.serverTime, askedAtMs, clock.wallMs()));
    log('info', 'connected', { gateway: channel.endpoint, node: answer.gatewayId });
    needs.connected();
    const { agentId, enrolled } = identity;
    const { partition } = enrolled;
    const nowMs = () => needs.nowMs();
    this.control = new ControlStream({
      ...{ channel, hello, checks, sweeps, sources, nowMs },
      config: (config) => checks.configure(config),
      refresh: () => this.askConfig(),
      ended: (why) => this.lose(why),
    });
    const leave = (why: CallFailed) => this.lose(why);
    this.pushes = new Pushes({
      ...{ clock, random, log, outbox, channel, agentId, partition, isOnlyGateway, nowMs, leave },
    });
    this.renewLater();
    if (answer.configOutdated || checks.version === '') this.pollConfig(0);
    else this.pollConfig(checks.pollIntervalMs);
  }

  private hello(): AgentHelloRequest {
    const { identity, facts, checks, dropped } = this.needs;
    const { version, hostname, os, arch, capabilities } = facts;
    return {
      ...{ agentId: identity.agentId, partition: identity.enrolled.partition, version, hostname, os, arch },
      ...{
        capabilities: [...capabilities, sweepCapability, sourceCapability, ...commandTypes],
        configVersion: checks.version,
        configSource: 'gateway',
      },
      labels: dropped > 0 ? { results_dropped: String(dropped) } : {},
    };
  }

  private pollConfig(afterMs: number): void {
    this.after(afterMs, async () => {
      try {
        await this.askConfig();
        this.pollConfig(this.needs.checks.pollIntervalMs);
      } catch (error) {
        const { code, message: detail } = asFailure(error);
        this.needs.log('warn', 'the config could not be had: the last one goes on', { code, detail });
        this.pollConfig(configAgainMs);
      }
    });
  }

  private async askConfig(): Promise<void> {
    const { checks, identity } = this.needs;
    const { agentId } = identity;
    checks.configure(await this.channel.config({ agentId, configVersion: checks.version }));
  }

  private renewLater(): void {
    const { identity, random, clock, renewNow } = this.needs;
    const atMs = renewNow ? 0 : renewAtMs(identity.life, random.next());
    this.after(Math.max(0, atMs - clock.wallMs()), () => this.renew());
  }

  private async renew(): Promise<void> {
    const { identity, log, clock, random, credentialFolder } = this.needs;
    try {
      const {
        request: certificateRequest,
        proof,
        privateKeyPem,
      } = await nextRequest(credentialFolder, identity.credential);
      const { certificateChain: chainPem } = await this.channel.renew({ certificateRequest, proof });
      const came = { chainPem, privateKeyPem };
      const renewed = await takeRenewed(credentialFolder, identity, came, clock.wallMs());
      const until = new Date(renewed.life.endsAtMs).toISOString();
      log('info', 'the certificate was renewed', { until });
      if (this.isOver) return this.finish({ type: 'renewed', identity: renewed, wasTold: this.wasTold });
      const { pushes } = this;
      this.over();
      await pushes?.end();
      this.channel.close();
      this.finish({ type: 'renewed', identity: renewed, wasTold: this.wasTold });
    } catch (error) {
      const againMs = renewAgainAfterMs(identity.life, clock.wallMs(), random.next());
      const { code, message: detail } = asFailure(error);
      const until = new Date(identity.life.endsAtMs).toISOString();
      log('warn', 'the certificate could not be renewed yet', { code, detail, until, again_ms: againMs });
      this.after(againMs, () => this.renew());
    }
  }

  private lose(why: CallFailed | null): void {
    if (this.isOver) return;
    this.over();
    this.channel.close();
    this.finish({ type: 'lost', why, wasTold: this.wasTold });
  }

  /** Nothing of it runs on; the channel is still open. */
  private over(): void {
    this.isOver = true;
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    this.control?.end();
    void this.pushes?.end();
  }

  private after(ms: number, run: () => Promise<void>): void {
    if (this.isOver) return;
    const cancel = this.needs.clock.timer(ms, () => {
      this.timers.delete(cancel);
      void run();
    });
    this.timers.add(cancel);
  }
}

function asFailure(error: unknown): CallFailed {
  if (error instanceof CallFailed) return error;
  const { code } = (error ?? {}) as { code?: unknown };
  return new CallFailed(typeof code === 'string' ? code : 'failed', messageOf(error), 2);
}
