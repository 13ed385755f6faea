/**
 * Device updates of a sweep's result: one for each host that it names, of source `sweep`, with where and what it was found by. Read
 * leniently, as older agents write it too. Pure; what is no sweep is told as one update that is none.
 */

interface Port {
  port: number;
  available: boolean;
}

/** An item of a document of kind `sweep`: one object with hosts, or one host by itself. */
export function sweepUpdates(item: unknown): unknown[] {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return [item];
  const { hosts, last_sweep } = item as Record<string, unknown>;
  if (hosts === undefined || hosts === null) return 'host' in item ? [hostUpdate(item, undefined)] : [];
  if (!Array.isArray(hosts)) return [null];
  return hosts.map((host) => hostUpdate(host, last_sweep));
}

function hostUpdate(host: unknown, sweptAt: unknown): unknown {
  if (typeof host !== 'object' || host === null || Array.isArray(host)) return host;
  const said = host as Record<string, unknown>;
  const ports = portsOf(said.port_results ?? said.ports);
  const open = ports.filter(({ available }) => available).map(({ port }) => port);
  const metadata: Record<string, string> = {};
  if (ports.length > 0) metadata.ports_scanned = ports.map(({ port }) => port).join(',');
  if (open.length > 0) metadata.ports_open = open.join(',');
  return {
    ...{ ip: said.host ?? said.ip, mac: said.mac, hostname: said.hostname, partition: said.partition },
    ...{ source: 'sweep', is_available: said.available, timestamp: said.last_seen ?? sweptAt, metadata },
  };
}

function portsOf(said: unknown): Port[] {
  if (!Array.isArray(said)) return [];
  return said.flatMap((one) => {
    if (typeof one === 'number') return [{ port: one, available: true }];
    const { port, available } = (one ?? {}) as Record<string, unknown>;
    return typeof port === 'number' ? [{ port, available: available === true }] : [];
  });
}
