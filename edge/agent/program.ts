/**
 * The agent's program: its checks run whether or not a gateway answers, their results wait in the outbox, and one gateway
 * after the other is dialled until one takes them. Knows no process: signals, flags and the log are the command's.
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { boundedResolver, type IcmpProber, type SweepPinger } from '../../checks/index.ts';
import { type Clock, type Log, messageOf, type Random } from '../../runtime/index.ts';
import { AgentError } from './errors.ts';
import { type Dial, type Failover, firstDial, newFailover, stepFailover } from './failover.ts';
import type { CallFailed } from './gateway-channel.ts';
import { type AgentFacts, GatewaySession } from './gateway-session.ts';
import { endMs, reportEveryMs } from './limits.ts';
import { Outbox } from './outbox.ts';
import { OwnChecks } from './own-checks.ts';
import { type OwnIdentity, readIdentity } from './own-identity.ts';
import { OwnSources } from './own-sources.ts';
import { OwnSweeps } from './own-sweeps.ts';

export interface AgentNeeds {
  /** Where the enrolment is. */
  readonly folder: string;
  /** Where config and results are kept; the same one, or another where that is read-only. */
  readonly state: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly icmp: IcmpProber | null;
  /** What sweeps send ICMP with. */
  readonly pinger: SweepPinger | null;
  readonly facts: AgentFacts;
  /** Renew the certificate with the first connection. */
  readonly renewNow: boolean;
}

export interface RunningAgent {
  readonly identity: OwnIdentity;
  totals(): {
    checks: number;
    missed: number;
    waiting: number;
    bytes: number;
    dropped: number;
    gateway: string | null;
  };
  /** Lets a push that is under way end, and closes the outbox. */
  stop(): Promise<void>;
}

/** @throws AgentError, CertsError: nothing runs then */
export async function startAgent(needs: AgentNeeds): Promise<RunningAgent> {
  const { folder, state, clock } = needs;
  const renewed = state === folder ? folder : join(state, 'credential');
  const identity = await readIdentity(folder, renewed, clock.wallMs());
  const outbox = openOutbox(needs);
  return new AgentProgram(needs, identity, outbox, renewed);
}

function openOutbox({ state, clock }: AgentNeeds): Outbox {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 });
    accessSync(state, constants.W_OK);
    return new Outbox({ folder: join(state, 'outbox'), timer: (ms, run) => clock.timer(ms, run) });
  } catch (cause) {
    const text = `results cannot be kept in ${state} (${messageOf(cause)}): name another folder with --state`;
    throw new AgentError('state_unusable', text, { cause });
  }
}

class AgentProgram implements RunningAgent {
  identity: OwnIdentity;
  private readonly needs: AgentNeeds;
  private readonly outbox: Outbox;
  private readonly credentialFolder: string;
  private readonly checks: OwnChecks;
  private readonly sweeps: OwnSweeps;
  private readonly sources: OwnSources;
  private failover: Failover;
  private session: GatewaySession | null = null;
  private connectedTo: string | null = null;
  private cancelDial = () => {};
  private cancelReport = () => {};
  private clockDifferenceMs = 0;
  private renewNow: boolean;
  /** Of what was dropped: what gateways were told. */
  private toldDropped = 0;
  private stopping = false;

  constructor(needs: AgentNeeds, identity: OwnIdentity, outbox: Outbox, credentialFolder: string) {
    this.needs = needs;
    this.identity = identity;
    this.outbox = outbox;
    this.credentialFolder = credentialFolder;
    this.renewNow = needs.renewNow;
    const { clock, log, icmp, pinger, random, state } = needs;
    this.checks = new OwnChecks({
      ...{ clock, log, icmp, outbox, path: join(state, 'config') },
      nowMs: () => this.nowMs(),
      kept: (hasChanged) => this.session?.noted(hasChanged),
    });
    this.sweeps = new OwnSweeps({
      ...{ clock, random, log, pinger, nowMs: () => this.nowMs() },
      dial: () => this.connected().documents(),
    });
    this.sources = new OwnSources({
      ...{ clock, random, log, resolver: boundedResolver(), dial: () => this.connected().documents() },
      take: async (run, from) => await this.connected().take(run, from),
    });
    this.failover = newFailover(identity.enrolled.gateways, random.next());
    this.report();
    this.dial(firstDial(this.failover));
  }

  totals() {
    return { ...this.checks.totals(), ...this.outbox.totals(), gateway: this.connectedTo };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.cancelDial();
    this.cancelReport();
    this.checks.end();
    this.sweeps.end();
    this.sources.end();
    const { clock } = this.needs;
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.timer(endMs, resolve);
    });
    await Promise.race([this.session?.end(), late]);
    cancel();
    this.outbox.close();
  }

  private connected(): GatewaySession {
    if (this.session === null || this.connectedTo === null) throw new Error('no gateway is connected');
    return this.session;
  }

  private nowMs(): number {
    return this.needs.clock.wallMs() + this.clockDifferenceMs;
  }

  private dial({ endpoint, afterMs }: Dial): void {
    this.cancelDial = this.needs.clock.timer(afterMs, () => void this.hold(endpoint));
  }

  /** One connection, until it ends; then the next. */
  private async hold(endpoint: string): Promise<void> {
    if (this.stopping) return;
    const { clock, random, log, facts } = this.needs;
    const { outbox, checks, sweeps, sources, identity, credentialFolder, renewNow } = this;
    const droppedNow = outbox.totals().dropped;
    const session = new GatewaySession({
      ...{
        clock,
        random,
        log,
        facts,
        outbox,
        checks,
        sweeps,
        sources,
        identity,
        credentialFolder,
        endpoint,
        renewNow,
      },
      isOnlyGateway: this.failover.endpoints.length === 1,
      dropped: droppedNow - this.toldDropped,
      difference: (ms) => this.differ(ms),
      nowMs: () => this.nowMs(),
      connected: () => {
        this.connectedTo = endpoint;
        this.failover = stepFailover(this.failover, { type: 'connected', nowMs: clock.monotonicMs() }).state;
      },
    });
    this.session = session;
    const end = await session.ended;
    this.session = null;
    this.connectedTo = null;
    if (end.wasTold) this.toldDropped = droppedNow;
    if (this.stopping) return;
    if (end.type === 'renewed') {
      this.identity = end.identity;
      this.renewNow = false;
      this.dial({ endpoint, afterMs: 0 });
      return;
    }
    this.lost(endpoint, end.why);
  }

  private lost(endpoint: string, why: CallFailed | null): void {
    const { clock, random, log } = this.needs;
    const event = { type: 'lost', nowMs: clock.monotonicMs(), chance: random.next() } as const;
    const { state, dial } = stepFailover(this.failover, event);
    this.failover = state;
    const { code, message: detail } = why ?? {
      code: 'gateway_ended',
      message: 'the gateway ended it in order',
    };
    const isOver = this.identity.life.endsAtMs <= clock.wallMs();
    const next = { next: dial!.endpoint, after_ms: Math.round(dial!.afterMs) };
    log('warn', 'no gateway now: checks go on, results are kept', {
      gateway: endpoint,
      code,
      detail,
      ...next,
    });
    if (isOver)
      log('error', 'the certificate has ended: enrol with a new package into another folder', {
        identity: this.identity.enrolled.identity,
        ended: new Date(this.identity.life.endsAtMs).toISOString(),
      });
    this.dial(dial!);
  }

  private differ(ms: number): void {
    if (ms === this.clockDifferenceMs) return;
    this.clockDifferenceMs = ms;
    this.needs.log('warn', "this machine's clock is not the gateway's: results are kept by the gateway's", {
      difference_ms: ms,
    });
  }

  private report(): void {
    this.needs.log('info', 'state of this agent', this.totals());
    this.cancelReport = this.needs.clock.timer(reportEveryMs, () => this.report());
  }
}
