/**
 * What an agent is to run: the checks of its tenant in its partition, as its contract writes them, and the version by which
 * it asks again. Pure: the same checks give the same version on every poller.
 */
import { createHash } from 'node:crypto';
import type { CheckView } from '../actors/messages.ts';
import type { AgentCheckConfig, AgentConfigResponse } from '../proto/index.ts';
import { configBytesMax, configChecksMax, configPollIntervalS, heartbeatIntervalS } from './limits.ts';
import { toSeconds } from './sent-time.ts';

export interface AgentConfig {
  /** SHA-256 of what follows, hexadecimal. */
  readonly version: string;
  readonly checks: readonly AgentCheckConfig[];
  /** Checks that did not fit. */
  readonly leftOut: number;
}

/** Roughly what a check adds beside its texts: lengths, numbers, field tags. */
const checkOverheadBytes = 64;

export function configOf(views: readonly CheckView[], partition: string): AgentConfig {
  const own = views
    .filter((view) => view.enabled && view.partition === partition)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const checks: AgentCheckConfig[] = [];
  let bytes = 0;
  for (const view of own) {
    const check = checkConfigOf(view);
    bytes += Buffer.byteLength(JSON.stringify(check)) + checkOverheadBytes;
    if (checks.length >= configChecksMax || bytes > configBytesMax) break;
    checks.push(check);
  }
  const text = JSON.stringify([heartbeatIntervalS, configPollIntervalS, checks]);
  const version = createHash('sha256').update(text).digest('hex');
  return { version, checks, leftOut: own.length - checks.length };
}

/** Seconds are whole there: a shorter interval is run each second, a timeout is rounded up. */
function checkConfigOf(view: CheckView): AgentCheckConfig {
  const url = view.kind === 'http' ? urlOf(view.target) : null;
  const settings = Object.entries(view.settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    checkId: view.id,
    checkType: view.kind,
    name: view.name,
    enabled: true,
    intervalSec: Math.max(1, Math.round(view.interval_ms / 1_000)),
    timeoutSec: Math.max(1, Math.ceil(view.timeout_ms / 1_000)),
    target: view.target,
    port: view.port ?? portOf(url),
    path: url === null ? '' : `${url.pathname}${url.search}`,
    method: url === null ? '' : 'GET',
    settings: Object.fromEntries(settings),
  };
}

function urlOf(target: string): URL | null {
  return URL.canParse(target) ? new URL(target) : null;
}

function portOf(url: URL | null): number {
  if (url === null) return 0;
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** What the agent has already is not sent again. */
export function configAnswer(config: AgentConfig, heldVersion: string, nowMs: number): AgentConfigResponse {
  const notModified = heldVersion === config.version;
  return {
    notModified,
    configVersion: config.version,
    configTimestamp: toSeconds(nowMs),
    heartbeatIntervalSec: heartbeatIntervalS,
    configPollIntervalSec: configPollIntervalS,
    checks: notModified ? [] : [...config.checks],
    configJson: Buffer.alloc(0),
  };
}
