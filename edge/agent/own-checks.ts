/**
 * The checks of this agent, run by its own clock: the config of the moment, the next instants, and the results into the
 * outbox. Goes on with the config that is kept on disk while no gateway answers. Performs what check-plan.ts decides.
 */
import { readFileSync } from 'node:fs';
import type { IcmpProber } from '../../checks/index.ts';
import type { AgentConfigResponse } from '../../proto/index.ts';
import { type Clock, type Log, messageOf } from '../../runtime/index.ts';
import { type CheckPlan, newPlan, nextLookMs, type PlanEvent, stepPlan } from './check-plan.ts';
import { type CheckRun, CheckRuns } from './check-runs.ts';
import { type KeptConfig, readConfig, writeConfig } from './kept-config.ts';
import {
  configPollSDefault,
  configPollSMax,
  configPollSMin,
  planLookMsMax,
  planLookMsMin,
} from './limits.ts';
import type { Outbox } from './outbox.ts';
import { type PlannedCheck, plannedChecks } from './planned-check.ts';
import { writeWhole } from './whole-file.ts';

export interface OwnChecksNeeds {
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly icmp: IcmpProber | null;
  /** Where the config is kept. */
  readonly path: string;
  nowMs(): number;
  /** A result is in the outbox; whether it says something else than the one before. */
  kept(hasChanged: boolean): void;
}

export class OwnChecks {
  private readonly needs: OwnChecksNeeds;
  private readonly runs: CheckRuns;
  private readonly lastStatus = new Map<string, string>();
  private plan: CheckPlan = newPlan();
  private config: KeptConfig = { version: '', pollIntervalS: configPollSDefault, checks: [] };
  private cancelLook = () => {};
  private ended = false;

  constructor(needs: OwnChecksNeeds) {
    this.needs = needs;
    this.runs = new CheckRuns(needs.clock, needs.nowMs, needs.icmp);
    const kept = this.readKept();
    if (kept !== null) this.apply(kept);
    this.look();
  }

  get version(): string {
    return this.config.version;
  }
  get pollIntervalMs(): number {
    return Math.min(configPollSMax, Math.max(configPollSMin, this.config.pollIntervalS)) * 1_000;
  }
  totals() {
    return { checks: this.plan.checks.size, missed: this.plan.missed };
  }
  check(id: string): PlannedCheck | null {
    return this.plan.checks.get(id)?.check ?? null;
  }

  /** What the gateway says that is to be run. */
  configure({ notModified, configVersion, configPollIntervalSec, checks }: AgentConfigResponse): void {
    if (notModified || configVersion === this.config.version) return;
    const pollIntervalS = configPollIntervalSec > 0 ? configPollIntervalSec : configPollSDefault;
    const config = { version: configVersion, pollIntervalS, checks };
    this.apply(config);
    this.look();
    const { path, log } = this.needs;
    try {
      writeWhole(path, writeConfig(config));
    } catch (error) {
      log('warn', 'the config is in use and could not be kept', { path, error: messageOf(error) });
    }
  }

  /** Runs one beside its schedule; null when the program ends. */
  runNow(check: PlannedCheck): Promise<CheckRun | null> {
    return this.runs.run(check);
  }

  end(): void {
    this.ended = true;
    this.cancelLook();
    this.runs.end();
  }

  private apply(config: KeptConfig): void {
    this.config = config;
    const { checks, refused } = plannedChecks(config.checks);
    this.step({ type: 'config', checks, nowMs: this.needs.nowMs() });
    const ids = new Set(checks.map(({ id }) => id));
    for (const id of [...this.lastStatus.keys()]) if (!ids.has(id)) this.lastStatus.delete(id);
    const { log } = this.needs;
    log('info', 'the config is in use', { version: config.version.slice(0, 12), checks: checks.length });
    for (const { id, why } of refused.slice(0, 10))
      log('warn', 'a check cannot be run here', { check: id, why });
  }

  private look(): void {
    if (this.ended) return;
    this.cancelLook();
    const nowMs = this.needs.nowMs();
    this.step({ type: 'tick', nowMs });
    const nextMs = nextLookMs(this.plan) ?? nowMs + planLookMsMax;
    // Often enough that a clock which was set is noticed.
    const afterMs = Math.min(planLookMsMax, Math.max(planLookMsMin, nextMs - this.needs.nowMs()));
    this.cancelLook = this.needs.clock.timer(afterMs, () => this.look());
  }

  private step(event: PlanEvent): void {
    const { plan, run } = stepPlan(this.plan, event);
    this.plan = plan;
    for (const { check, dueAtMs } of run) void this.run(check, dueAtMs);
  }

  private async run(check: PlannedCheck, dueAtMs: number): Promise<void> {
    const { outbox, kept, log } = this.needs;
    try {
      const ran = await this.runs.run(check);
      if (ran === null) return;
      const { startedAtMs, latencyMs, status, reason } = ran;
      const { id: checkId, kind } = check;
      outbox.add({ checkId, kind, dueAtMs, startedAtMs, latencyMs, status, reason });
      const hasChanged = this.lastStatus.get(checkId) !== status;
      this.lastStatus.set(checkId, status);
      kept(hasChanged);
    } catch (error) {
      log('error', 'a check could not be run', { check: check.id, error: messageOf(error) });
    }
    this.step({ type: 'finished', checkId: check.id });
  }

  private readKept(): KeptConfig | null {
    const { path, log } = this.needs;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log('warn', 'the kept config cannot be read', { path, error: messageOf(error) });
      return null;
    }
    const config = readConfig(text);
    if (config === null) log('warn', 'the kept config is damaged: the gateway is asked for it', { path });
    return config;
  }
}
