/** What is watched of a made-up customer: the ways in and out of each site, its servers, and what they serve. */
import type { SeedCheck, SeedWindow } from '../../store/index.ts';
import { type Placed, placed } from './devices.ts';
import type { Customer } from './sites.ts';

type Said = Pick<SeedCheck, 'name' | 'kind' | 'target'> & Partial<SeedCheck>;

const defaults = {
  port: null,
  intervalMs: 300_000,
  timeoutMs: 2_000,
  retries: 3,
  settings: {},
  archivedAtMs: null,
};

export function seedChecks(customer: Customer, window: SeedWindow): SeedCheck[] {
  const all = placed(customer);
  return customer.sites.flatMap((site) => {
    const at = (type: string) => all.filter((one) => one.site === site && one.type === type);
    const [edge] = at('firewall');
    const servers = at('server');
    const said: Said[] = [
      { name: `${edge!.name} alive`, kind: 'icmp', target: edge!.address, intervalMs: 60_000 },
      ...at('router').map((one) => alive(one, 300_000)),
      ...at('hypervisor')
        .slice(0, 1)
        .map((one) => alive(one, 300_000)),
      ...at('switch')
        .slice(0, 2)
        .map((one) => alive(one, 300_000)),
      ...servers.slice(0, 2).map(ssh),
      ...servers.slice(2, 3).map((one) => web(one, customer)),
      ...servers.slice(3, 4).map((one) => names(one, customer)),
      // One that was given up after five days.
      ...at('printer')
        .slice(0, 1)
        .map((one) => ({ ...alive(one, 300_000), archivedAtMs: givenUp(window) })),
    ];
    return said.map((one): SeedCheck => ({ ...defaults, partition: site.partition, ...one }));
  });
}

function givenUp({ fromMs, untilMs }: SeedWindow): number {
  return Math.floor(fromMs + ((untilMs - fromMs) * 5) / 7);
}

function alive({ name, address }: Placed, intervalMs: number): Said {
  return { name: `${name} alive`, kind: 'icmp', target: address, intervalMs };
}

function ssh({ name, address }: Placed): Said {
  return { name: `${name} ssh`, kind: 'tcp', target: address, port: 22 };
}

function web({ name, address }: Placed, { domain }: Customer): Said {
  const settings = { expect_status: '200', body_contains: domain };
  return { name: `${name} intranet`, kind: 'http', target: `http://${address}/`, settings, timeoutMs: 5_000 };
}

function names({ name, address }: Placed, { domain }: Customer): Said {
  const settings = { record: 'A', server: `${address}:53` };
  return { name: `${name} names`, kind: 'dns', target: `intranet.${domain}`, settings };
}
