/**
 * The two made-up customers: their sites, what stands in them, and what befell them in a week. Names are invented,
 * addresses are of the documentation ranges (RFC 5737, RFC 3849), and nobody's.
 */

export interface Site {
  /** Begins the names of its devices. */
  readonly name: string;
  readonly partition: string;
  /** An IPv4 network of 256, without its last number, and an IPv6 one. */
  readonly network4: string;
  readonly network6: string;
  /** How many of which type stand there. */
  readonly stock: Readonly<Record<string, number>>;
}

/** Something that hit all checks of some sites. `from` and `to` are parts of the week, from 0 to 1. */
export interface Incident {
  readonly from: number;
  readonly to: number;
  /** Null: all of them. */
  readonly site: string | null;
  /** A gap: nobody was there to run anything. Otherwise what the runs said. */
  readonly as: 'gap' | 'timeout' | 'critical';
  readonly reason: string;
}

export interface Person {
  readonly name: string;
  readonly role: 'admin' | 'operator' | 'viewer';
  /** Of the numbers kept for fiction, or null. */
  readonly phone: string | null;
}

export interface Customer {
  readonly slug: string;
  readonly name: string;
  readonly domain: string;
  readonly sites: readonly Site[];
  readonly incidents: readonly Incident[];
  readonly people: readonly Person[];
}

const clinic = {
  ...{ firewall: 1, router: 2, switch: 6, access_point: 10, server: 5, hypervisor: 2, storage: 1 },
  ...{ printer: 7, phone: 22, camera: 5, workstation: 12, power: 2 },
};
const terminal = {
  firewall: 1,
  router: 2,
  switch: 8,
  access_point: 14,
  camera: 16,
  sensor: 12,
  server: 4,
  power: 2,
};
const office = {
  firewall: 1,
  router: 1,
  switch: 3,
  access_point: 4,
  server: 6,
  hypervisor: 2,
  printer: 3,
  phone: 14,
};

export const customers: readonly Customer[] = [
  {
    slug: 'northwind-clinics',
    name: 'Northwind Clinics',
    domain: 'northwind-clinics.example',
    sites: [
      { name: 'north', partition: 'default', network4: '192.0.2', network6: '2001:db8:1', stock: clinic },
      {
        name: 'harbour',
        partition: 'default',
        network4: '198.51.100',
        network6: '2001:db8:2',
        stock: clinic,
      },
      { name: 'hill', partition: 'default', network4: '203.0.113', network6: '2001:db8:3', stock: clinic },
    ],
    incidents: [
      { from: 0.31, to: 0.3135, site: null, as: 'gap', reason: 'no_core' },
      { from: 0.52, to: 0.531, site: 'hill', as: 'timeout', reason: 'connection timed out' },
      { from: 0.774, to: 0.7755, site: null, as: 'gap', reason: 'no_agent' },
      { from: 0.9, to: 0.9012, site: 'harbour', as: 'critical', reason: 'network unreachable' },
    ],
    people: [
      { name: 'Ingrid Solheim', role: 'admin', phone: '+1-202-555-0110' },
      { name: 'Mateo Ibarra', role: 'operator', phone: '+1-202-555-0111' },
      { name: 'Priya Raman', role: 'operator', phone: null },
      { name: 'Tomasz Wilk', role: 'viewer', phone: null },
    ],
  },
  {
    slug: 'harbor-freight-lines',
    name: 'Harbor Freight Lines',
    domain: 'harbor-freight-lines.example',
    sites: [
      // Two address spaces that are the same: what is 192.0.2.1 here is another device there.
      { name: 'pier', partition: 'default', network4: '192.0.2', network6: '2001:db8:10', stock: terminal },
      { name: 'depot', partition: 'depot', network4: '192.0.2', network6: '2001:db8:10', stock: terminal },
      {
        name: 'office',
        partition: 'default',
        network4: '198.51.100',
        network6: '2001:db8:12',
        stock: office,
      },
    ],
    incidents: [
      { from: 0.12, to: 0.1285, site: 'depot', as: 'timeout', reason: 'connection timed out' },
      { from: 0.44, to: 0.4412, site: null, as: 'gap', reason: 'no_poller' },
      { from: 0.66, to: 0.674, site: 'pier', as: 'critical', reason: 'connection refused' },
    ],
    people: [
      { name: 'Grace Okafor', role: 'admin', phone: '+1-202-555-0120' },
      { name: 'Henrik Dahl', role: 'operator', phone: '+1-202-555-0121' },
      { name: 'Yuki Arai', role: 'viewer', phone: null },
    ],
  },
];
