/**
 * The last config, as it is kept for the time without a gateway: one line with the SHA-256 of the rest, then JSON. What was
 * changed or cut is none: an agent without a config waits for its gateway, one with a wrong config would watch the wrong
 * things. Pure.
 */
import { createHash } from 'node:crypto';
import type { AgentCheckConfig } from '../../proto/index.ts';
import { keptConfigBytesMax } from './limits.ts';

export interface KeptConfig {
  readonly version: string;
  readonly pollIntervalS: number;
  readonly checks: readonly AgentCheckConfig[];
}

const texts = ['checkId', 'checkType', 'name', 'target', 'path', 'method'] as const;
const numbers = ['intervalSec', 'timeoutSec', 'port'] as const;

export function writeConfig(config: KeptConfig): string {
  const { version, pollIntervalS, checks } = config;
  const body = JSON.stringify({ version, pollIntervalS, checks });
  return `${sha256(body)}\n${body}\n`;
}

/** Null: it is none. Never throws on any text. */
export function readConfig(text: string): KeptConfig | null {
  if (text.length > keptConfigBytesMax) return null;
  const [hash, body, end, ...more] = text.split('\n');
  if (body === undefined || end !== '' || more.length > 0 || sha256(body) !== hash) return null;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { version, pollIntervalS, checks } = value as Record<string, unknown>;
  if (typeof version !== 'string' || typeof pollIntervalS !== 'number' || !Array.isArray(checks)) return null;
  return checks.every(isCheck) ? { version, pollIntervalS, checks } : null;
}

function isCheck(value: unknown): value is AgentCheckConfig {
  if (typeof value !== 'object' || value === null) return false;
  const check = value as Record<string, unknown>;
  const { enabled, settings } = check;
  if (!texts.every((name) => typeof check[name] === 'string')) return false;
  if (!numbers.every((name) => typeof check[name] === 'number') || typeof enabled !== 'boolean') return false;
  if (typeof settings !== 'object' || settings === null) return false;
  return Object.values(settings).every((one) => typeof one === 'string');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
