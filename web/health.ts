/**
 * The health pages: whether this process answers, whether it can do its work, and the cluster as this node sees it.
 * Between the door and what it was given: members, names, the store's answer, the feed.
 */
import { tenantKey } from '../actors/messages.ts';
import type { Cluster, Member } from '../cluster/index.ts';
import type { Clock } from '../runtime/index.ts';
import { type Answer, jsonAnswer } from './answers.ts';
import type { NotReadyCode } from './errors.ts';
import { storeHealthTimeoutMs } from './limits.ts';
import type { PageTenant } from './ui/live-message.ts';

export interface HealthNeeds {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Whether the store answers; a rejection is a no. */
  readonly storeHealth: () => Promise<boolean>;
  /** As the feed knows it; null when the feed does not answer. */
  readonly tenant: () => Promise<PageTenant | null>;
  readonly tenantSlug: string;
}

export interface HealthPages {
  live(): Answer;
  ready(): Promise<Answer>;
  cluster(): Promise<Answer>;
}

interface NotReady {
  code: NotReadyCode;
  detail: string;
}

export function healthPages(needs: HealthNeeds): HealthPages {
  const { cluster } = needs;
  const storeAnswers = sharedStoreHealth(needs);
  return {
    live: () => jsonAnswer(200, { status: 'live', node: cluster.node }),
    async ready() {
      const [store, tenant] = await Promise.all([storeAnswers(), needs.tenant()]);
      const reasons: NotReady[] = [];
      if (cluster.members.live('core').length === 0)
        reasons.push({ code: 'no_live_core', detail: 'this node is linked to no core that is up' });
      if (!store) reasons.push({ code: 'store_unavailable', detail: 'the database does not answer' });
      if (tenant === null)
        reasons.push({ code: 'feed_unavailable', detail: 'the feed of the page does not answer' });
      const ready = reasons.length === 0;
      return jsonAnswer(ready ? 200 : 503, {
        status: ready ? 'ready' : 'not_ready',
        node: cluster.node,
        reasons,
      });
    },
    async cluster() {
      const id = (await needs.tenant())?.id ?? null;
      const holder = id === null ? null : (cluster.names.lookup(tenantKey(id))?.node ?? null);
      const nodes = cluster.members.list();
      const coordinator = cluster.coordinator();
      return jsonAnswer(200, {
        node: cluster.node,
        coordinator: coordinator.node,
        coordinator_by: coordinator.by,
        coordinator_epoch: coordinator.epoch,
        nodes_up: nodes.filter(({ status }) => status === 'up').length,
        nodes: nodes.map(nodeRow),
        splits: splitRows(cluster),
        tenant: { slug: needs.tenantSlug, id, holder },
        at: new Date(needs.clock.wallMs()).toISOString(),
      });
    },
  };
}

function splitRows(cluster: Cluster) {
  const split = cluster.members.split();
  if (split === null) return [];
  const { here, there, sinceMs } = split;
  return [{ here, there, since: new Date(sinceMs).toISOString() }];
}

function nodeRow(member: Member) {
  const { name, role, status, boot, incarnation, address, pid, rttMs, lastSeenMs, because } = member;
  return {
    name,
    role,
    status,
    boot,
    incarnation,
    address,
    pid,
    rtt_ms: rttMs,
    last_seen: new Date(lastSeenMs).toISOString(),
    because: because.at(-1) ?? null,
  };
}

/** One question to the store at a time, however many ask; an answer that does not come in time is a no. */
function sharedStoreHealth({ storeHealth, clock }: HealthNeeds): () => Promise<boolean> {
  let underWay: Promise<boolean> | null = null;
  const ask = () =>
    new Promise<boolean>((resolve) => {
      const cancel = clock.timer(storeHealthTimeoutMs, () => resolve(false));
      const end = (answer: boolean) => {
        cancel();
        resolve(answer);
      };
      // In a promise of its own, so that a throw is a no as well.
      Promise.resolve()
        .then(storeHealth)
        .then(end, () => end(false));
    });
  return () => {
    underWay ??= ask().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
