/**
 * How a node finds the others, as its flags say it, judged: which strategy, its settings, and no flags of another. Between
 * the command line and `discovery.ts`, which makes the source.
 */
import { splitAddress } from '../cluster/index.ts';
import { usage } from './failure.ts';

export const strategies = ['static', 'dns', 'kubernetes', 'gossip', 'postgres'] as const;

export interface DiscoveryFlags {
  discovery: string;
  seed: string[];
  dnsName?: string;
  dnsPort?: string;
  dnsServer: string[];
  kubernetesService?: string;
  kubernetesApi?: string;
  kubernetesAccount?: string;
  gossipGroup?: string;
  gossipInterface?: string;
}

export type DiscoveryChoice =
  | { strategy: 'static'; seeds: readonly string[] }
  | { strategy: 'dns'; name: string; port: number | null; servers: readonly string[] }
  | {
      strategy: 'kubernetes';
      api: string;
      account: string;
      namespace: string | null;
      service: string;
      port: string | null;
    }
  | { strategy: 'gossip'; group: string; interface?: string }
  | { strategy: 'postgres' };

export type Environment = Readonly<Record<string, string | undefined>>;

export const gossipGroupDefault = '239.255.80.73:7401';
const accountDefault = '/var/run/secrets/kubernetes.io/serviceaccount';

const flagNames: Readonly<Record<Exclude<keyof DiscoveryFlags, 'discovery'>, string>> = {
  seed: 'static',
  dnsName: 'dns',
  dnsPort: 'dns',
  dnsServer: 'dns',
  kubernetesService: 'kubernetes',
  kubernetesApi: 'kubernetes',
  kubernetesAccount: 'kubernetes',
  gossipGroup: 'gossip',
  gossipInterface: 'gossip',
};

/** Throws a usage error that says which flag is missing, wrong, or of another strategy. */
export function judgeDiscovery(
  flags: DiscoveryFlags,
  role: string,
  environment: Environment,
): DiscoveryChoice {
  const { discovery } = flags;
  for (const [key, strategy] of Object.entries(flagNames)) {
    const given = flags[key as keyof DiscoveryFlags];
    if (given === undefined || given.length === 0 || strategy === discovery) continue;
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw usage(`${flag} goes with --discovery ${strategy}, not with ${discovery}`);
  }
  switch (discovery) {
    case 'static':
      for (const seed of flags.seed) readSeed(seed);
      return { strategy: 'static', seeds: flags.seed };
    case 'dns':
      return dnsChoice(flags);
    case 'kubernetes':
      return kubernetesChoice(flags, environment);
    case 'gossip': {
      const { gossipGroup: group = gossipGroupDefault, gossipInterface: local } = flags;
      return { strategy: 'gossip', group, ...(local !== undefined && { interface: local }) };
    }
    case 'postgres':
      if (role === 'core' || role === 'web') return { strategy: 'postgres' };
      throw usage(`--discovery postgres is for core and web nodes: a ${role} node has no database`);
  }
  throw usage(`--discovery "${discovery}": one of ${strategies.join(', ')}`);
}

function readSeed(seed: string): void {
  try {
    if (splitAddress(seed).port !== 0) return;
  } catch (error) {
    throw usage(`--seed: ${(error as Error).message}`);
  }
  throw usage(`--seed "${seed}": nobody listens on port 0`);
}

function dnsChoice({ dnsName: name, dnsPort, dnsServer: servers }: DiscoveryFlags): DiscoveryChoice {
  if (name === undefined) throw usage('--discovery dns needs --dns-name');
  if (name.startsWith('_')) {
    if (dnsPort !== undefined) throw usage(`--dns-port: the SRV records of ${name} say the ports`);
    return { strategy: 'dns', name, port: null, servers };
  }
  if (dnsPort === undefined) {
    throw usage(
      `--dns-name ${name} needs --dns-port; a name with SRV records begins with "_": _picket._tcp.${name}`,
    );
  }
  const port = Number(dnsPort);
  if (!/^\d{1,5}$/.test(dnsPort) || port < 1 || port > 65_535)
    throw usage(`--dns-port "${dnsPort}": a port is 1 to 65535`);
  return { strategy: 'dns', name, port, servers };
}

function kubernetesChoice(flags: DiscoveryFlags, environment: Environment): DiscoveryChoice {
  const text = flags.kubernetesService;
  if (text === undefined)
    throw usage('--discovery kubernetes needs --kubernetes-service [NAMESPACE/]NAME[:PORT]');
  const match = /^(?:([^/:]+)\/)?([^/:]+)(?::([^/:]+))?$/.exec(text);
  if (match === null) throw usage(`--kubernetes-service "${text}": expected [NAMESPACE/]NAME[:PORT]`);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const inPod = host === undefined ? undefined : `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const api = flags.kubernetesApi ?? inPod;
  if (api === undefined) {
    throw usage('--discovery kubernetes outside of a pod needs --kubernetes-api https://HOST:PORT');
  }
  return {
    strategy: 'kubernetes',
    api,
    account: flags.kubernetesAccount ?? accountDefault,
    namespace: match[1] ?? null,
    service: match[2]!,
    port: match[3] ?? null,
  };
}
