/**
 * The control stream of one connection: says who listens, takes configs and commands, and answers each command once. Its end
 * is the connection's. Performs what command-decision.ts decides.
 */
import type { ServiceError } from '@grpc/grpc-js';
import type {
  AgentConfigResponse,
  CommandRequest,
  ControlStreamHello,
  ControlStreamRequest,
  ControlStreamResponse,
} from '../../proto/index.ts';
import { messageOf } from '../../runtime/index.ts';
import { type CommandSight, decideCommand, remember } from './command-decision.ts';
import type { CallFailed, ControlCall, GatewayChannel } from './gateway-channel.ts';
import { answerCharactersMax } from './limits.ts';
import type { OwnChecks } from './own-checks.ts';
import type { OwnSources } from './own-sources.ts';
import type { OwnSweeps } from './own-sweeps.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { SourceOrder } from './source-order.ts';
import type { SweepOrder } from './sweep-order.ts';

export interface ControlNeeds {
  readonly channel: GatewayChannel;
  readonly hello: ControlStreamHello;
  readonly checks: OwnChecks;
  readonly sweeps: OwnSweeps;
  readonly sources: OwnSources;
  nowMs(): number;
  config(config: AgentConfigResponse): void;
  /** Asks for the config at once. */
  refresh(): Promise<void>;
  /** Null: the gateway ended it in order. */
  ended(why: CallFailed | null): void;
}

export class ControlStream {
  private readonly needs: ControlNeeds;
  private readonly call: ControlCall;
  private known: ReadonlySet<string> = new Set();
  private running = 0;
  private isOver = false;

  constructor(needs: ControlNeeds) {
    this.needs = needs;
    this.call = needs.channel.control();
    this.call.on('data', (message: ControlStreamResponse) => this.hear(message));
    this.call.on('error', (error: ServiceError) => this.over(needs.channel.failed(error)));
    this.call.on('end', () => this.over(null));
    this.say({ hello: needs.hello });
  }

  end(): void {
    this.isOver = true;
    this.call.end();
    this.call.cancel();
  }

  private over(why: CallFailed | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.needs.ended(why);
  }

  private say(message: ControlStreamRequest): void {
    if (!this.isOver) this.call.write(message);
  }

  private hear(message: ControlStreamResponse): void {
    if ('config' in message) {
      this.needs.config(message.config);
      this.say({ configAck: { configVersion: message.config.configVersion, timestamp: this.second() } });
    } else if ('command' in message) void this.follow(message.command);
  }

  private async follow(command: CommandRequest): Promise<void> {
    const { checks, sweeps, sources, nowMs } = this.needs;
    const { known, running } = this;
    const sight: CommandSight = {
      ...{ nowMs: nowMs(), running, known, check: (id) => checks.check(id) },
      ...{ sweeping: sweeps.running, isSwept: (order) => sweeps.isUnderWay(order) },
      ...{
        listingBeside: (source) => sources.runningBeside(source),
        isListed: (run) => sources.isKnown(run),
      },
    };
    const decision = decideCommand(command, sight);
    if (decision.type === 'known') return;
    this.known = remember(known, command.commandId);
    if (decision.type === 'refuse') {
      this.answer(command, false, `${decision.code}: ${decision.detail}`, null);
      return;
    }
    const { commandId, commandType } = command;
    this.say({ commandAck: { commandId, commandType, timestamp: this.second(), message: '' } });
    this.running += 1;
    try {
      if (decision.type === 'run') await this.runNow(command, decision.check);
      else if (decision.type === 'sweep') await this.sweep(command, decision.order);
      else if (decision.type === 'stop_sweep') {
        const isStopped = sweeps.stop(decision.run, decision.slice);
        this.answer(command, true, isStopped ? '' : 'it is not under way', null);
      } else if (decision.type === 'list_source') await this.list(command, decision.order);
      else if (decision.type === 'stop_source') {
        const isStopped = sources.stop(decision.run);
        this.answer(command, true, isStopped ? '' : 'it is not under way', null);
      } else {
        await this.needs.refresh();
        this.answer(command, true, '', { config_version: checks.version });
      }
    } catch (error) {
      this.answer(command, false, messageOf(error), null);
    } finally {
      this.running -= 1;
    }
  }

  private async runNow(command: CommandRequest, check: PlannedCheck): Promise<void> {
    const ran = await this.needs.checks.runNow(check);
    if (ran === null) return;
    const { status, reason, latencyMs, startedAtMs } = ran;
    const said = { status, reason, latency_ms: latencyMs, started_at: startedAtMs };
    this.answer(command, true, reason ?? '', said);
  }

  /** How far it is is said on the way; whoever asks after a connection was lost hears the same. */
  private async sweep(command: CommandRequest, order: SweepOrder): Promise<void> {
    const { commandId, commandType } = command;
    const end = await this.needs.sweeps.run(order, (told) => {
      const { done, total, live } = told;
      const message = `${done} of ${total} addresses, ${live} live`;
      const payloadJson = Buffer.from(JSON.stringify(told));
      const progressPercent = Math.floor((done / total) * 100);
      const timestamp = this.second();
      this.say({
        commandProgress: { commandId, commandType, progressPercent, message, timestamp, payloadJson },
      });
    });
    if (end.ok) this.answer(command, true, '', end.told);
    else this.answer(command, false, `${end.code}: ${end.detail}`, null);
  }

  private async list(command: CommandRequest, order: SourceOrder): Promise<void> {
    const { commandId, commandType } = command;
    const end = await this.needs.sources.run(order, (told) => {
      const { page, total, devices } = told;
      const message = `page ${page}: ${devices} devices`;
      const progressPercent = total === null || total === 0 ? 0 : Math.floor((devices / total) * 100);
      const payloadJson = Buffer.from(JSON.stringify(told));
      const timestamp = this.second();
      this.say({
        commandProgress: { commandId, commandType, progressPercent, message, timestamp, payloadJson },
      });
    });
    const isComplete = end.outcome === 'complete';
    this.answer(command, isComplete, isComplete ? '' : `${end.code}: ${end.detail}`, end);
  }

  private answer(
    { commandId, commandType }: CommandRequest,
    success: boolean,
    text: string,
    payload: object | null,
  ): void {
    const payloadJson = Buffer.from(payload === null ? '' : JSON.stringify(payload));
    const message = text.slice(0, answerCharactersMax);
    this.say({
      commandResult: { commandId, commandType, success, message, payloadJson, timestamp: this.second() },
    });
  }

  private second(): number {
    return Math.floor(this.needs.nowMs() / 1_000);
  }
}
