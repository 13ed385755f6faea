/**
 * How a node is watched: its metrics and where they are scraped, the traces that it follows and where they go. Between the
 * process of a node and `watch/`; what a role has to tell is added by the role.
 */
import { type ClusterNode, isUnexpected, splitAddress } from '../cluster/index.ts';
import { type Clock, type Log, messageOf, systemRandom } from '../runtime/index.ts';
import {
  Exposition,
  type Health,
  listenForScrapes,
  type MetricsForm,
  type MetricsListener,
  nodeFamilies,
  otlpSender,
  processFamilies,
  type SpanExporter,
  spanExporter,
  Tracer,
  tracerFamilies,
} from '../watch/index.ts';
import { type JudgedFlags, tracingOf } from './node-options.ts';
import { ownVersion } from './own-version.ts';

export interface NodeWatch {
  readonly metrics: Exposition;
  readonly tracer: Tracer;
  /** Declares the procedure, and listens where the flags say; answers the address, null: nowhere. */
  begin(node: ClusterNode): Promise<string | null>;
  /** The last spans go out, the port is free. */
  close(): Promise<void>;
}

/** The tracer is there before the node, which hands it to its actors. */
export async function openWatch(
  flags: JudgedFlags,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  log: Log,
): Promise<NodeWatch> {
  const exporter = await openExporter(flags, environment, clock, log);
  const { sample } = tracingOf(flags, environment);
  const take = exporter === null ? null : exporter.take;
  const tracer = new Tracer({ clock, random: systemRandom(), sample, take });
  const metrics = new Exposition(clock, log);
  metrics.add(
    processFamilies({ startedWallMs: clock.wallMs(), version: ownVersion(), role: flags.role }),
    tracerFamilies(tracer, exporter),
  );
  let listener: MetricsListener | null = null;
  return {
    metrics,
    tracer,
    async begin(node) {
      node.procedures.ran = (name, { identity }, error) => logProcedure(log, name, identity.kind, error);
      const trustDomain = '';
      const caller = {
        identity: { kind: 'node', trustDomain, role: flags.role, name: node.node },
        address: '',
      } as const;
      metrics.add(...nodeFamilies(node, (procedure) => node.procedures.run(procedure, null, caller)));
      node.declare('metrics', {
        access: 'read',
        run: (asked: { form?: MetricsForm } | null) =>
          metrics.text(asked?.form === 'openmetrics' ? 'openmetrics' : 'text'),
      });
      if (flags.metrics === undefined) return null;
      try {
        listener = await listenForScrapes(metrics, healthOf(node), splitAddress(flags.metrics), log);
        log('info', 'metrics are served', { address: listener.address });
        return listener.address;
      } catch (error) {
        // A port that is taken is no reason to watch nothing.
        log('error', 'metrics are not served', { at: flags.metrics, error: (error as Error).message });
        return null;
      }
    },
    async close() {
      await Promise.all([listener?.close(), exporter?.close()]);
    },
  };
}

/** What a command led to on this node; the line has the command's id, as every line of what it asks has. */
function logProcedure(log: Log, procedure: string, caller: string, error: unknown): void {
  if (error === null) log('debug', 'a procedure was run', { procedure, caller });
  else if (isUnexpected(error))
    log('warn', 'a procedure failed', { procedure, caller, error: messageOf(error) });
  else log('debug', 'a procedure was refused', { procedure, caller, error: messageOf(error) });
}

/** That it answers at all says the most. The database is no part of it: a core goes on without, for a while. */
function healthOf({ members }: ClusterNode): Health {
  return () => (members.live('core').length > 0 ? [] : ['no core is up, as this node sees it']);
}

async function openExporter(
  flags: JudgedFlags,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  log: Log,
): Promise<SpanExporter | null> {
  const { otlp: url } = tracingOf(flags, environment);
  if (url === null) return null;
  const version = ownVersion();
  const { name, role } = flags;
  const resource = {
    'service.name': 'picket',
    'service.version': version,
    'service.instance.id': name,
    'picket.role': role,
  };
  return spanExporter(await otlpSender({ url, resource, version }), clock, log);
}
