import { expect, test } from 'vitest';
import { systemClock } from '../runtime/index.ts';
import { openDiscovery } from './discovery.ts';
import { type DiscoveryFlags, judgeDiscovery } from './discovery-options.ts';

const judge = (flags: Partial<DiscoveryFlags>, role = 'poller', environment = {}) =>
  judgeDiscovery({ discovery: 'static', seed: [], dnsServer: [], ...flags }, role, environment);
const open = async (flags: Partial<DiscoveryFlags>, environment = {}) =>
  await openDiscovery(judge(flags, 'core', environment), 'test.local', environment, systemClock());

const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

test.each<[Partial<DiscoveryFlags>, object, object]>([
  [{}, {}, { strategy: 'static', seeds: [] }],
  [
    { seed: ['10.0.0.2:7400', '[::1]:7400'] },
    {},
    { strategy: 'static', seeds: ['10.0.0.2:7400', '[::1]:7400'] },
  ],
  [
    { discovery: 'dns', dnsName: 'a.test', dnsPort: '7400', dnsServer: ['127.0.0.1:53'] },
    {},
    { strategy: 'dns', name: 'a.test', port: 7400, servers: ['127.0.0.1:53'] },
  ],
  [{ discovery: 'dns', dnsName: '_picket._tcp.a.test' }, {}, { port: null }],
  [
    { discovery: 'kubernetes', kubernetesService: 'noc/picket:peer' },
    pod,
    { api: 'https://10.96.0.1:443', namespace: 'noc', service: 'picket', port: 'peer' },
  ],
  [
    { discovery: 'kubernetes', kubernetesService: 'picket' },
    { KUBERNETES_SERVICE_HOST: 'fd00::1' },
    {
      api: 'https://[fd00::1]:443',
      namespace: null,
      port: null,
      account: '/var/run/secrets/kubernetes.io/serviceaccount',
    },
  ],
  [{ discovery: 'gossip' }, {}, { strategy: 'gossip', group: '239.255.80.73:7401' }],
  [{ discovery: 'postgres' }, {}, { strategy: 'postgres' }],
])('%j is understood', (flags, environment, choice) => {
  expect(judge(flags, 'web', environment)).toMatchObject(choice);
});

test.each<[Partial<DiscoveryFlags>, string]>([
  [{ discovery: 'zeroconf' }, 'one of static, dns, kubernetes, gossip, postgres'],
  [{ seed: ['nowhere'] }, '--seed'],
  [{ seed: ['10.0.0.2:0'] }, 'port 0'],
  [{ discovery: 'dns' }, 'needs --dns-name'],
  [{ discovery: 'dns', dnsName: 'a.test' }, 'needs --dns-port'],
  [{ discovery: 'dns', dnsName: 'a.test', dnsPort: '0' }, '--dns-port "0"'],
  [{ discovery: 'dns', dnsName: '_a._tcp.test', dnsPort: '1' }, 'SRV'],
  [
    { discovery: 'dns', dnsName: 'a.test', dnsPort: '1', seed: ['10.0.0.2:7400'] },
    '--seed goes with --discovery static',
  ],
  [{ dnsPort: '7400' }, '--dns-port goes with --discovery dns'],
  [{ gossipInterface: '10.0.0.1' }, '--gossip-interface goes with --discovery gossip'],
  [{ discovery: 'kubernetes' }, 'needs --kubernetes-service'],
  [{ discovery: 'kubernetes', kubernetesService: 'a/b/c' }, '[NAMESPACE/]NAME[:PORT]'],
  [{ discovery: 'kubernetes', kubernetesService: 'a' }, '--kubernetes-api'],
  [{ discovery: 'postgres' }, 'a poller node has no database'],
])('%j is refused with what is wrong', (flags, text) => {
  expect(() => judge(flags)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(text) }),
  );
});

test.each<[Partial<DiscoveryFlags>, string]>([
  [{ discovery: 'gossip', gossipGroup: '10.0.0.1:7401' }, 'no multicast group'],
  [{ discovery: 'gossip', gossipGroup: '239.1.1.1' }, 'no multicast group'],
  [{ discovery: 'gossip', gossipInterface: 'eth0' }, 'the interface "eth0"'],
  [
    { discovery: 'gossip', gossipGroup: '[ff02::1]:7401', gossipInterface: '10.0.0.1' },
    'the interface "10.0.0.1"',
  ],
  [{ discovery: 'dns', dnsName: 'a b', dnsPort: '1' }, 'no DNS name'],
  [{ discovery: 'dns', dnsName: 'a.test', dnsPort: '1', dnsServer: ['x'] }, 'no name server'],
  [{ discovery: 'kubernetes', kubernetesService: 'a', kubernetesApi: 'http://a' }, 'no https:// address'],
  [{ discovery: 'kubernetes', kubernetesService: 'A_B', kubernetesApi: 'https://a' }, 'no Kubernetes name'],
])('%j cannot be used, and that is a usage error too', async (flags, text) => {
  await expect(open(flags)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(text) });
});

test('the database has to be named for its strategy', async () => {
  await expect(open({ discovery: 'postgres' })).rejects.toMatchObject({ code: 'no_database', exitCode: 1 });
  expect((await open({ discovery: 'postgres' }, { DATABASE_URL: 'postgresql://x' })).title).toBe('postgres');
});
