/** The command that runs one node by itself, and what it shares with the command that runs them all. */
import { type Command, Option } from 'commander';
import { gossipGroupDefault, strategies } from '../discovery-options.ts';
import { levelOption } from '../level-option.ts';
import { runNode } from '../node-command.ts';
import type { NodeFlags } from '../node-options.ts';
import type { Surroundings } from './up.ts';

const examples = `
Core and web nodes read DATABASE_URL from the environment.

Discovery: where a node learns whom to dial. Whoever answers is taken for what its certificate says.
  static      the addresses of --seed
  dns         the addresses that name servers give for --dns-name
  kubernetes  the endpoints of a service, by the account of the pod
  gossip      UDP multicast in one network
  postgres    the database, for core and web nodes

Examples:
  picket node --role poller --name poller_1 --listen 10.0.0.5:7400 --seed 10.0.0.2:7400 --data /var/lib/picket
  picket node --role poller --name poller_1 --listen 10.0.0.5:7400 --discovery dns --dns-name picket.example.org --dns-port 7400
  picket node --role poller --name poller_1 --listen 10.0.0.5:7400 --discovery dns --dns-name _picket._tcp.example.org
  picket node --role agent --name agent_1 --listen 0.0.0.0:7400 --advertise "$POD_IP:7400" --discovery kubernetes --kubernetes-service noc/picket:7400
  picket node --role agent --name agent_1 --listen 10.0.0.6:7400 --discovery gossip --gossip-interface 10.0.0.6
  picket node --role core --name core_1 --listen 10.0.0.2:7400 --discovery postgres
`;

export function dataOption(environment: Surroundings['environment']): Option {
  return new Option('--data <dir>', 'state of the cluster').default(environment.PICKET_DATA || './.picket');
}

export function metricsOption(environment: Surroundings['environment']): Option {
  const what =
    'where its metrics are scraped and its health is asked; whoever reaches it reads them (or PICKET_METRICS)';
  return new Option('--metrics <host:port>', what).default(environment.PICKET_METRICS || undefined);
}

export function allowTenantNodes(): Option {
  return new Option('--allow-tenant-nodes', "take tenants' own pollers and agents, fenced");
}

export function allowEval(): Option {
  return new Option(
    '--allow-eval',
    'let operators with the right "eval" run JavaScript in a node: it can do all that the node can',
  );
}

export function addNodeCommand(program: Command, { environment }: Surroundings): void {
  program
    .command('node')
    .description('run one node (what `picket up` does for each of its nodes)')
    .requiredOption('--role <role>', 'core, web, poller or agent')
    .requiredOption('--name <name>', 'unique in the cluster, and the one in its certificate')
    .requiredOption('--listen <host:port>', 'where the other nodes reach it')
    .option('--advertise <host:port>', 'the address that others are told, when it is another')
    .addOption(
      new Option('--discovery <strategy>', 'how it finds the others (default: PICKET_DISCOVERY, or static)')
        .choices(strategies)
        .default(environment.PICKET_DISCOVERY || 'static'),
    )
    .option('--seed <host:port>', 'static: a node to begin with (again for more)', collect, [])
    .option(
      '--dns-name <name>',
      'dns: a name with A and AAAA records; with SRV records when it begins with "_"',
    )
    .option('--dns-port <port>', 'dns: where the nodes listen (not with SRV records, which say it)')
    .option('--dns-server <addr[:port]>', 'dns: instead of the name servers of the system', collect, [])
    .option(
      '--kubernetes-service <service>',
      'kubernetes: [NAMESPACE/]NAME[:PORT], the port by name or number',
    )
    .option('--kubernetes-api <url>', 'kubernetes: default that of the pod')
    .option(
      '--kubernetes-account <dir>',
      'kubernetes: folder with token, ca.crt and namespace, default that of the pod',
    )
    .option('--gossip-group <addr:port>', `gossip: the multicast group (default: ${gossipGroupDefault})`)
    .option('--gossip-interface <addr>', 'gossip: an address of the interface to use (IPv6: ::%NAME)')
    .option('--credentials <dir>', 'folder with NAME.pem and roots.pem (default: in the data folder)')
    .option('--trust-domain <domain>', 'default: the one that the roots name')
    .option('--svid <dir>', "instead of a credential of ours: a folder that SPIRE's agent writes")
    .option(
      '--policy <file>',
      'whom to take beside our own authority (default: policy.json in the data folder)',
    )
    .option('--crl <file>', 'PEM of revocation lists (default: authority/revoked.pem in the data folder)')
    .option('--http <port>', 'web nodes: port of the page')
    .option('--gateway <host:port>', 'pollers: where programs at the edge dial in')
    .addOption(metricsOption(environment))
    .option('--otlp <url>', 'an OTLP/HTTP collector for traces (or OTEL_EXPORTER_OTLP_ENDPOINT)')
    .option(
      '--trace-sample <share>',
      'of commands, requests and scheduled checks, how many are traced unasked: 0 to 1',
      '0',
    )
    .option('--journal <dir>', 'the record of remote shells (default: journal/NAME in the data folder)')
    .option('--log-file <file>', 'default: stderr')
    .addOption(allowTenantNodes())
    .addOption(allowEval())
    .option('--own-machine-tenant <slug>', 'the one tenant that may watch the machine that it runs on')
    .addOption(dataOption(environment))
    .addOption(levelOption())
    .addHelpText('after', examples)
    .action(async (flags: NodeFlags) => {
      await runNode(flags);
    });
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
