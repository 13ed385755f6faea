/**
 * What a role tells of its own: the writer and the database of a core, the jobs and the gateway of a poller, the checks of an
 * agent, the page of a web node. Each asks the actor or the part that counts anyway; nothing has a tenant, a check or a
 * person in a label.
 */
import {
  type AgentProtocol,
  type AgentTotals,
  agentKey,
  type DurationsSeen,
  type ListingTotals,
  type PollerProtocol,
  type PollerTotals,
  pollerKey,
  type SweepRunnerProtocol,
  type SweepRunnerTotals,
  sweepRunnerKey,
  type WriterProtocol,
  type WriterTotals,
  writerKey,
} from '../actors/index.ts';
import type { ClusterNode } from '../cluster/index.ts';
import type { AgentDoor } from '../edge/index.ts';
import type { Store } from '../store/index.ts';
import {
  asked,
  type Distribution,
  each,
  type Family,
  type FamilyGroup,
  labelled,
  plain,
} from '../watch/index.ts';
import { statusAnswerMs } from './limits.ts';

export function writerFamilies({ names, system, node }: ClusterNode): FamilyGroup {
  const ask = (): Promise<WriterTotals> => {
    const ref = names.lookup<WriterProtocol>(writerKey(node));
    return ref === null ? Promise.reject(new Error('no writer')) : system.call(ref, statusAnswerMs).totals();
  };
  return asked(ask, (latest) => [
    plain('counter', 'picket_results_stored_total', 'Results that this node wrote.', () => latest().written),
    plain(
      'counter',
      'picket_results_fenced_total',
      'Writes that were refused because another core holds the tenant.',
      () => latest().fenced,
    ),
    plain(
      'counter',
      'picket_results_dropped_total',
      'Results that became gaps because no more could wait for the store.',
      () => latest().dropped,
    ),
    plain('gauge', 'picket_results_buffered', 'Results that wait to be written.', () => latest().buffered),
    plain('gauge', 'picket_store_away', '1 while the writer cannot reach the store.', () =>
      latest().storeAway ? 1 : 0,
    ),
    plain(
      'gauge',
      'picket_tenants_held',
      'Tenants that this node runs.',
      () => names.list({ node, kind: 'tenant' }).length,
    ),
  ]);
}

/** Of systems that are listed for tenants. */
export function listingFamilies(turns: { totals(): ListingTotals }): FamilyGroup {
  return {
    families: [
      plain('gauge', 'picket_listings_running', 'Listings under way.', () => turns.totals().running),
      plain(
        'gauge',
        'picket_listings_waiting',
        'Listings that wait for others to end.',
        () => turns.totals().waiting,
      ),
      labelled('counter', 'picket_listings_total', 'Listings that ended.', () => {
        const { complete, aborted } = turns.totals();
        return each('outcome', { complete, aborted });
      }),
      plain(
        'counter',
        'picket_listed_devices_total',
        'Devices that complete listings had.',
        () => turns.totals().devices,
      ),
    ],
  };
}

/** By pool: leases and results are `control`, everything else `queries`. */
export function storeFamilies(store: Pick<Store, 'load'>): FamilyGroup {
  const gauges = (read: (load: ReturnType<Store['load']>['control']) => number) => () => {
    const { control, queries } = store.load();
    return each('pool', { control: read(control), queries: read(queries) });
  };
  const counter = (name: string, help: string, read: Parameters<typeof gauges>[0]): Family =>
    labelled('counter', name, help, gauges(read));
  return {
    families: [
      labelled(
        'gauge',
        'picket_store_connections',
        'Connections to the database.',
        gauges((load) => load.connections),
      ),
      labelled(
        'gauge',
        'picket_store_connections_max',
        'Connections to the database, at most.',
        gauges((load) => load.connectionsMax),
      ),
      counter(
        'picket_store_statements_total',
        'Statements that the database was asked.',
        (load) => load.totals.count,
      ),
      counter(
        'picket_store_failed_statements_total',
        'Statements that failed.',
        (load) => load.totals.failed,
      ),
      counter(
        'picket_store_waits_total',
        'Units of work that waited for a connection.',
        (load) => load.turns.waited,
      ),
      counter(
        'picket_store_wait_seconds_total',
        'Time that units of work waited for a connection.',
        (load) => load.turns.waitedMs / 1_000,
      ),
      {
        type: 'histogram',
        name: 'picket_store_statement_duration_seconds',
        help: 'How long statements took, of both pools.',
        read: () => {
          const { control, queries } = store.load();
          return joined([control.totals, queries.totals].map((of) => ({ ...of, sumMs: of.totalMs })));
        },
      },
    ],
  };
}

export function pollerFamilies({ names, system, node }: ClusterNode): FamilyGroup {
  const ask = (): Promise<PollerTotals> => {
    const ref = names.lookup<PollerProtocol>(pollerKey(node));
    return ref === null ? Promise.reject(new Error('no poller')) : system.call(ref, statusAnswerMs).totals();
  };
  return asked(ask, (latest) => [
    plain(
      'gauge',
      'picket_poller_jobs',
      'Checks that were handed to agents and are not answered.',
      () => latest().underWay,
    ),
    plain(
      'gauge',
      'picket_poller_held_results',
      "Results that wait for their tenant's core.",
      () => latest().held,
    ),
    plain(
      'counter',
      'picket_poller_dropped_results_total',
      'Results that had no place to wait.',
      () => latest().dropped,
    ),
  ]);
}

/** `door`: null until the gateway has opened. */
export function gatewayFamilies(door: () => AgentDoor | null): FamilyGroup {
  const totals = async () => {
    const open = door();
    if (open === null) throw new Error('the gateway is not open');
    return open.totals();
  };
  return asked(totals, (latest) => [
    plain(
      'gauge',
      'picket_gateway_agents',
      "Agents of customers' networks that are connected here.",
      () => latest().agents,
    ),
    plain(
      'gauge',
      'picket_gateway_connections',
      "Connections of programs in customers' networks.",
      () => latest().connections,
    ),
    plain(
      'gauge',
      'picket_gateway_held_bytes',
      'Bytes of messages that are under way in the gateway.',
      () => latest().heldBytes,
    ),
    labelled('counter', 'picket_gateway_refusals_total', 'Calls that were refused, by code.', () =>
      each('code', latest().refused),
    ),
  ]);
}

export function agentFamilies({ names, system, node }: ClusterNode): FamilyGroup {
  const ask = (): Promise<AgentTotals> => {
    const ref = names.lookup<AgentProtocol>(agentKey(node));
    return ref === null ? Promise.reject(new Error('no agent')) : system.call(ref, statusAnswerMs).totals();
  };
  return asked(ask, (latest) => [
    plain('gauge', 'picket_checks_running', 'Checks that run now.', () => latest().running),
    plain('gauge', 'picket_checks_waiting', 'Checks that wait for a place to run.', () => latest().waiting),
    labelled('counter', 'picket_checks_total', 'Checks that were run, by status.', () =>
      each('status', latest().byStatus as Record<string, number>),
    ),
    {
      type: 'histogram',
      name: 'picket_check_duration_seconds',
      help: 'How long what was checked took to answer.',
      read: () => joined([latest().durations]),
    },
  ]);
}

/** What this node sweeps for the platform; edge agents count for themselves. */
export function sweepFamilies({ names, system, node }: ClusterNode): FamilyGroup {
  const ask = (): Promise<SweepRunnerTotals> => {
    const ref = names.lookup<SweepRunnerProtocol>(sweepRunnerKey(node));
    return ref === null ? Promise.reject(new Error('no runner')) : system.call(ref, statusAnswerMs).totals();
  };
  return asked(ask, (latest) => [
    plain('gauge', 'picket_sweep_slices', 'Slices of sweeps that are under way.', () => latest().slices),
    plain(
      'counter',
      'picket_sweep_addresses_total',
      'Addresses of slices that were swept.',
      () => latest().addresses,
    ),
    plain('counter', 'picket_sweep_probes_total', 'Packets and connects of those.', () => latest().sent),
  ]);
}

export function webFamilies(
  totals: () => { sockets: number; requests: Readonly<Record<string, number>> },
): FamilyGroup {
  return {
    families: [
      plain('gauge', 'picket_web_sockets', 'Browsers that are told live.', () => totals().sockets),
      labelled(
        'counter',
        'picket_http_requests_total',
        'Requests that were answered, by the class of their status.',
        () => each('status', totals().requests),
      ),
    ],
  };
}

/** Of the same bounds, in seconds. */
export function joined(all: readonly DurationsSeen[]): Distribution {
  const [first] = all as readonly [DurationsSeen];
  return {
    bounds: first.boundsMs.map((ms) => ms / 1_000),
    atMost: first.atMost.map((_, at) => all.reduce((sum, one) => sum + one.atMost[at]!, 0)),
    count: all.reduce((sum, one) => sum + one.count, 0),
    sum: all.reduce((sum, one) => sum + one.sumMs, 0) / 1_000,
  };
}
