/** The node of a bench's process: over mTLS on loopback, not started yet. Its log goes to stderr. */
import type { Credential } from '../../certs/index.ts';
import { ClusterNode, type Transport, tlsTransport } from '../../cluster/index.ts';
import { systemClock } from '../../runtime/index.ts';

export interface BenchNodeOptions {
  readonly name: string;
  /** Core unless told. */
  readonly role?: 'core' | 'poller';
  readonly trustDomain: string;
  readonly credential: Credential;
  readonly seeds: readonly string[];
  /** Unless told any free port. */
  readonly listen?: string;
  /** Levels that are logged. */
  readonly told: readonly string[];
  /** What stands between the node and the network. */
  readonly through?: (transport: Transport) => Transport;
}

export function benchNode(options: BenchNodeOptions): ClusterNode {
  const {
    name,
    role = 'core',
    trustDomain,
    credential,
    seeds,
    listen = '127.0.0.1:0',
    told,
    through,
  } = options;
  const clock = systemClock();
  const log = (level: string, message: string, fields: Record<string, unknown>) => {
    if (told.includes(level)) process.stderr.write(`${name}: ${message} ${JSON.stringify(fields)}\n`);
  };
  const transport = tlsTransport({ credential: () => credential, trustDomain, listen, clock, log });
  return new ClusterNode({
    name,
    role,
    boot: clock.wallMs(),
    pid: process.pid,
    advertise: null,
    seeds,
    transport: through === undefined ? transport : through(transport),
    clock,
    log,
    onSuperseded: (detail) => {
      throw new Error(detail);
    },
  });
}
