/** What a node process is told on its command line, judged: `picket node --role R --name N --listen HOST:PORT ...`. */
import { isNodeName, splitAddress, tenantOfNode } from '../cluster/index.ts';
import {
  type DiscoveryChoice,
  type DiscoveryFlags,
  type Environment,
  judgeDiscovery,
} from './discovery-options.ts';
import { usage } from './failure.ts';

export const roles = ['core', 'web', 'poller', 'agent'] as const;
export type Role = (typeof roles)[number];

export interface NodeFlags extends DiscoveryFlags {
  role: string;
  name: string;
  listen: string;
  advertise?: string;
  data: string;
  credentials?: string;
  trustDomain?: string;
  svid?: string;
  policy?: string;
  crl?: string;
  http?: string;
  metrics?: string;
  otlp?: string;
  traceSample?: string;
  gateway?: string;
  journal?: string;
  allowEval?: boolean;
  logFile?: string;
  logLevel: string;
  ownMachineTenant?: string;
  allowTenantNodes?: boolean;
}

export type JudgedFlags = NodeFlags & { role: Role; choice: DiscoveryChoice };

export function judgeNodeFlags(flags: NodeFlags, environment: Environment): JudgedFlags {
  if (!(roles as readonly string[]).includes(flags.role))
    throw usage(`--role must be one of ${roles.join(', ')}`);
  if (!isNodeName(flags.name) || tenantOfNode(flags.name) !== null)
    throw usage(`--name "${flags.name}": use a-z, 0-9, "_" and "-", at most 63`);
  const { host } = addressOf(flags.listen);
  if ((host === '0.0.0.0' || host === '::') && flags.advertise === undefined) {
    throw usage('--listen on every address needs --advertise: the others must know one');
  }
  if (flags.advertise !== undefined) addressOf(flags.advertise);
  const role = flags.role as Role;
  if (flags.metrics !== undefined) addressOf(flags.metrics);
  judgeTracing(flags, environment);
  if (flags.gateway !== undefined) {
    addressOf(flags.gateway);
    if (role !== 'poller') throw usage('--gateway is for pollers: programs at the edge dial them');
  }
  return { ...flags, role, choice: judgeDiscovery(flags, role, environment) };
}

/** Both as strings: they come from the command line or from the environment. */
export function tracingOf(flags: Pick<NodeFlags, 'otlp' | 'traceSample'>, environment: Environment) {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: base } = environment;
  return { otlp: (flags.otlp ?? traces ?? base) || null, sample: Number(flags.traceSample ?? 0) };
}

function judgeTracing(flags: NodeFlags, environment: Environment): void {
  const { otlp, sample } = tracingOf(flags, environment);
  if (!(sample >= 0 && sample <= 1)) throw usage(`--trace-sample "${flags.traceSample}": from 0 to 1`);
  if (otlp !== null && !/^https?:\/\/./.test(otlp))
    throw usage(`--otlp "${otlp}": http://HOST:PORT, or https`);
}

function addressOf(text: string) {
  try {
    return splitAddress(text);
  } catch (error) {
    throw usage((error as Error).message);
  }
}
