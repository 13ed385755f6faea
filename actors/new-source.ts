/**
 * Whether an agent that only listens may be written down as it was said: its address under the tenant's policy, its pace, and the
 * services that it is asked about. Pure; asked by the doors before the store.
 */
import { judgeTarget } from '../checks/index.ts';
import { joinAddress, splitAddress } from '../cluster/index.ts';
import { nameCharactersMax, polledServicesMax, pollIntervalMsMax, pollIntervalMsMin } from './limits.ts';
import type { NewAgentSource, PolledTarget } from './ports/agent-source.ts';

/** As somebody wrote it; what is absent is not said. */
export interface SourceSaid {
  address?: unknown;
  partition?: unknown;
  agentId?: unknown;
  tlsName?: unknown;
  intervalMs?: unknown;
  services?: unknown;
}

export type JudgedSource =
  | { source: Partial<NewAgentSource> }
  | { refused: 'bad_source' | 'target_not_allowed'; detail: string };

class Bad extends Error {
  readonly code: 'bad_source' | 'target_not_allowed';
  constructor(detail: string, code: 'bad_source' | 'target_not_allowed' = 'bad_source') {
    super(detail);
    this.code = code;
  }
}

/** What is said, in its normal form, and nothing else. */
export function judgeNewSource(said: SourceSaid, policy: { allowAll: boolean }): JudgedSource {
  try {
    const { address, partition, agentId, tlsName, intervalMs, services } = said;
    return {
      source: {
        ...(address !== undefined && { address: addressOf(address, policy) }),
        ...(partition !== undefined && { partition: wordOf(partition, 'a partition', 128)! }),
        ...(agentId !== undefined && {
          agentId: agentId === '' ? null : wordOf(agentId, "an agent's id", 63),
        }),
        ...(tlsName !== undefined && { tlsName: tlsName === '' ? null : serverName(tlsName) }),
        ...(intervalMs !== undefined && { intervalMs: paceOf(intervalMs) }),
        ...(services !== undefined && { services: servicesOf(services) }),
      },
    };
  } catch (error) {
    if (error instanceof Bad) return { refused: error.code, detail: error.message };
    throw error;
  }
}

function addressOf(text: unknown, policy: { allowAll: boolean }): string {
  const { host, port } = split(text);
  if (port < 1) throw new Bad('port 0 is none; agents listen on 50051 unless told');
  const verdict = judgeTarget({ kind: 'tcp', target: host, port, settings: {} }, policy);
  if (verdict.allowed) return joinAddress(host.toLowerCase(), port);
  throw new Bad(verdict.detail, verdict.code === 'target_not_allowed' ? verdict.code : 'bad_source');
}

function split(text: unknown) {
  try {
    return splitAddress(String(text));
  } catch {
    throw new Bad(`"${String(text).slice(0, 64)}" is no address: expected HOST:PORT or [IPV6]:PORT`);
  }
}

function wordOf(text: unknown, what: string, charactersMax: number): string {
  const isWord = typeof text === 'string' && text.length <= charactersMax && /^[A-Za-z0-9._-]+$/.test(text);
  if (isWord) return text;
  throw new Bad(`${what} has 1 to ${charactersMax} of A-Z a-z 0-9 . _ -`);
}

/** As TLS may carry it: a name, never an address (RFC 6066 3). */
function serverName(text: unknown): string {
  const isName =
    typeof text === 'string' && text.length <= 253 && /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text);
  if (isName && !/^[0-9.]+$/.test(text)) return text.toLowerCase();
  throw new Bad('a server name is a host name, no address');
}

function paceOf(ms: unknown): number {
  if (Number.isInteger(ms) && (ms as number) >= pollIntervalMsMin && (ms as number) <= pollIntervalMsMax)
    return ms as number;
  throw new Bad('the interval must be 5s to 1d');
}

function servicesOf(list: unknown): PolledTarget[] {
  if (!Array.isArray(list) || list.length === 0) throw new Bad('at least one service must be named');
  if (list.length > polledServicesMax) throw new Bad(`at most ${polledServicesMax} services of one agent`);
  const services = list.map(serviceOf);
  const keys = new Set(services.map(({ type, name }) => `${type}\t${name}`));
  if (keys.size < services.length) throw new Bad('a service is there twice');
  return services;
}

/** The bounds of the contract: a name of 255 bytes, a type of 64, no line breaks or tabs. */
function serviceOf(value: unknown): PolledTarget {
  const { type, name, details, results } = (value ?? {}) as Record<string, unknown>;
  const isText = (text: unknown, bytesMax: number): text is string =>
    typeof text === 'string' && Buffer.byteLength(text) <= bytesMax && !/\p{Cc}/u.test(text);
  if (!isText(type, 64) || !/^[A-Za-z0-9._-]+$/.test(type))
    throw new Bad('a type of service has 1 to 64 of A-Z a-z 0-9 . _ -');
  if (!isText(name, 255) || name.trim() === '' || name.length > nameCharactersMax)
    throw new Bad(`a service has a name of 1 to ${nameCharactersMax} printable characters`);
  if (!isText(details, 2_000))
    throw new Bad('the details of a service are at most 2,000 printable characters');
  return { type, name, details, results: results === true };
}
