/**
 * One node of the `remote` bench, a process of its own: joins over mTLS, serves the counter (far) or measures against it
 * (near). Driven by messages of its parent, and ends with it.
 */
import type { Credential } from '../../certs/index.ts';
import type { ClusterNode } from '../../cluster/index.ts';
import { Ref, systemClock } from '../../runtime/index.ts';
import { type Figures, quantile } from '../bench.ts';
import { linkPollMs, linkTimeoutMs, remoteFigureMs } from '../limits.ts';
import { benchNode } from './bench-node.ts';
import { callsOf, perSecond } from './callers.ts';
import { type CounterProtocol, counter } from './counter.ts';
import { streamOf } from './streams.ts';

export interface StartOrder {
  readonly type: 'start';
  readonly name: string;
  readonly trustDomain: string;
  readonly credential: Credential;
  readonly seeds: readonly string[];
}

export type Order = StartOrder | { readonly type: 'measure'; readonly far: RefParts };

/** A ref as it travels between parent and worker. */
export interface RefParts {
  readonly node: string;
  readonly boot: number;
  readonly id: number;
}

export type Report =
  | { readonly type: 'started'; readonly address: string; readonly counter: RefParts }
  | { readonly type: 'figures'; readonly figures: Figures }
  | { readonly type: 'failed'; readonly reason: string };

const mibBytes = 1_048_576;
const clock = systemClock();

async function start(order: StartOrder): Promise<{ node: ClusterNode; report: Report }> {
  const node = benchNode({ ...order, told: ['warn', 'error'] });
  const address = await node.start();
  const { node: at, boot, id } = node.system.spawn(counter);
  return { node, report: { type: 'started', address, counter: { node: at, boot, id } } };
}

async function measure(node: ClusterNode, far: RefParts): Promise<Figures> {
  const { system } = node;
  const to = new Ref<CounterProtocol>(far.node, far.boot, far.id);
  await linked(node, to);
  const bound = { forMs: remoteFigureMs };
  const one = await callsOf(system, to, 1, bound, true);
  const hundred = await callsOf(system, to, 100, bound);
  const thousand = await callsOf(system, to, 1_000, bound);
  return {
    call_1_per_s: perSecond(one.count, one.elapsedMs),
    call_100_per_s: perSecond(hundred.count, hundred.elapsedMs),
    call_1000_per_s: perSecond(thousand.count, thousand.elapsedMs),
    call_1_p50_us: quantile(one.eachMs, 0.5) * 1_000,
    call_1_p99_us: quantile(one.eachMs, 0.99) * 1_000,
    cast_100b_per_s: await streamOf(system, to, 100, remoteFigureMs),
    cast_10kb_mib_per_s: ((await streamOf(system, to, 10_000, remoteFigureMs)) * 10_000) / mibBytes,
    cast_1mb_mib_per_s: ((await streamOf(system, to, 1_000_000, remoteFigureMs)) * 1_000_000) / mibBytes,
  };
}

/** Resolves when a call gets through. */
async function linked(node: ClusterNode, to: Ref<CounterProtocol>): Promise<void> {
  const untilMs = clock.monotonicMs() + linkTimeoutMs;
  for (;;) {
    try {
      await node.system.call(to).ping();
      return;
    } catch (error) {
      if (clock.monotonicMs() > untilMs) throw error;
    }
    await new Promise<void>((resolve) => void clock.timer(linkPollMs, resolve));
  }
}

let running: ClusterNode | null = null;

process.on('message', (order: Order) => {
  const tell = (report: Report) => void process.send!(report);
  const done =
    order.type === 'start'
      ? start(order).then(({ node, report }) => {
          running = node;
          tell(report);
        })
      : measure(running!, order.far).then((figures) => tell({ type: 'figures', figures }));
  done.catch((error: unknown) =>
    tell({ type: 'failed', reason: error instanceof Error ? error.stack! : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
