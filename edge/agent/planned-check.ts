/**
 * A check of the config as it is run: read from the contract's message, which is a gateway's word, and judged as any check.
 * Pure. What an agent runs in its own network may be aimed anywhere: it is the tenant's own.
 */
import { type CheckRequest, judgeTarget, validateSettings } from '../../checks/index.ts';
import type { AgentCheckConfig } from '../../proto/index.ts';
import {
  checksMax,
  intervalSMax,
  settingCharactersMax,
  settingsMax,
  targetCharactersMax,
  timeoutSMax,
  wordCharactersMax,
} from './limits.ts';

export interface PlannedCheck extends CheckRequest {
  readonly id: string;
  readonly intervalMs: number;
}

export interface PlannedChecks {
  readonly checks: PlannedCheck[];
  /** Those that this program cannot run, each with why. */
  readonly refused: readonly { readonly id: string; readonly why: string }[];
}

const kinds: readonly CheckRequest['kind'][] = ['tcp', 'http', 'icmp', 'dns'];

export function plannedChecks(configs: readonly AgentCheckConfig[]): PlannedChecks {
  const checks = new Map<string, PlannedCheck>();
  const refused: { id: string; why: string }[] = [];
  for (const config of configs.slice(0, checksMax)) {
    if (!config.enabled) continue;
    const read = plannedCheck(config);
    if (typeof read === 'string') refused.push({ id: String(config.checkId).slice(0, 64), why: read });
    else checks.set(read.id, read);
  }
  return { checks: [...checks.values()], refused };
}

/** Or why it cannot be run. */
export function plannedCheck(config: AgentCheckConfig): PlannedCheck | string {
  const { checkId: id, checkType, intervalSec, timeoutSec, target, port, settings } = config;
  const kind = kinds.find((one) => one === checkType);
  if (kind === undefined) return `"${checkType.slice(0, 64)}" is no kind of check that runs here`;
  if (id === '' || id.length > wordCharactersMax || target.length > targetCharactersMax)
    return 'it has no id, or its words are too long';
  if (!isWhole(intervalSec, intervalSMax) || !isWhole(timeoutSec, timeoutSMax))
    return 'its interval or timeout is out of bounds';
  const entries = Object.entries(settings);
  if (entries.length > settingsMax || entries.some(([, value]) => value.length > settingCharactersMax))
    return 'its settings are too many or too long';
  // Of a URL the contract says the port a second time.
  const request = { kind, target, port: kind === 'tcp' ? port : null, settings };
  const verdict = judgeTarget(request, { allowAll: true });
  if (!verdict.allowed) return verdict.detail;
  const valid = validateSettings(kind, settings);
  if (!valid.ok) return valid.detail;
  return { ...request, id, intervalMs: intervalSec * 1_000, timeoutMs: timeoutSec * 1_000 };
}

function isWhole(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= max;
}
