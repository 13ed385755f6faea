/**
 * What a hostile node of a tenant forges: views, votes, names and heads of others, other tenants' names and its own of kinds
 * that it may not hold, children, and questions for what is not its. Between guests.ts (whose node has no fence of its own)
 * and the checks, which know a forgery by its words.
 */

import { tenantOfNode } from '../../cluster/index.ts';
import type { Link } from '../../cluster/link.ts';
import { deltaPayload, headsPayload, type PutRow } from '../../cluster/registry-wire.ts';
import { Ref } from '../../runtime/index.ts';
import { forgedBootStep, guestForgesEveryMs } from './bounds.ts';
import { insidesOf, peerNameOf } from './insides.ts';
import type { Life } from './life.ts';
import type { Site, World } from './world.ts';

/** A node, a partition of names and the first word of children's ids: nowhere but in what was forged. */
export const forgedWord = 'forged';

interface Forger {
  readonly world: World;
  readonly life: Life;
  readonly link: Link;
  /** The platform's node that is lied to, and any of them. */
  readonly victim: string;
  readonly other: Site;
  readonly tenant: string;
  encode(value: unknown): Uint8Array;
}

type Forgery = (forger: Forger) => void;

export function startForging(world: World, life: Life): void {
  const { mesh, codec } = insidesOf(life.node);
  const later = () =>
    life.clock.timer(guestForgesEveryMs * (0.5 + world.random.next()), () => {
      const forgery = world.pick(forgeries);
      const other = world.pick(world.sites);
      // All are told the same lie, or a majority would not hear it.
      for (const link of [...mesh.links.values()]) {
        const victim = peerNameOf(link.peer!.identity);
        if (link.peer!.identity.kind !== 'node' || tenantOfNode(victim) !== null) continue;
        forgery({
          world,
          life,
          link,
          victim,
          other,
          tenant: life.site.tenant!,
          encode: (value) => codec.encode(value),
        });
      }
      later();
    });
  later();
}

/** All that the platform's nodes say of each other. */
const view =
  (entryOf: (site: Site) => { status: string; boot: number }): Forgery =>
  ({ world, link, encode }) => {
    const ghost = { name: forgedWord, role: 'core', boot: 1, address: '10.0.9.9:7000', status: 'up' };
    const said = world.sites.map((site) => {
      return { name: site.name, role: site.role, address: site.host.address, ...entryOf(site) };
    });
    const entries = [ghost, ...said].map((one) => ({ ...one, tenant: null, incarnation: 1_000, ageMs: 0 }));
    link.sendControl('view', {}, encode(entries));
  };

/** One name, told as the whole of a shard. */
function tellName(
  { link, encode }: Forger,
  { node, boot }: { node: string; boot: number },
  tenant: string,
  kind: string,
): void {
  const head = 1_000_000_000;
  const row: PutRow = [forgedWord, kind, forgedWord, new Ref(node, boot, 1), {}, head, 1, false];
  const delta = { origin: node, boot, tenant, from: 0, to: head, whole: head, puts: [row], removals: [] };
  link.sendControl('registry_delta', { boot, origin: node, tenant }, encode(deltaPayload(delta)));
}

const ofSite = ({ name, bootMax }: Site) => ({ node: name, boot: bootMax });

const vouches: Forgery = ({ world, link }) => {
  for (const { name, bootMax } of world.sites)
    link.sendControl('probe_alive', { nonce: 1, subjectBoot: bootMax, ageMs: 0, subject: name });
};

const forgeries: readonly Forgery[] = [
  view(({ bootMax }) => ({ status: 'up', boot: bootMax })),
  view(({ bootMax }) => ({ status: 'left', boot: bootMax })),
  view(({ bootMax }) => ({ status: 'up', boot: bootMax + forgedBootStep })),
  // Often, for who vouches once keeps nobody alive.
  ...[vouches, vouches, vouches, vouches],
  ({ link, other }) =>
    link.sendControl('probe', { nonce: 1, subjectBoot: other.bootMax, subject: other.name }),
  (forger) => tellName(forger, ofSite(forger.other), 'platform', 'service'),
  (forger) => tellName(forger, ofSite(forger.other), forger.tenant, 'poller'),
  (forger) => tellName(forger, forger.life.node, 'acme', 'poller'),
  (forger) => tellName(forger, forger.life.node, forger.tenant, 'scheduler'),
  ({ world, link, encode }) => {
    const heads = world.sites.map(({ name, bootMax }) => [name, bootMax, 'platform', 1_000_000_000] as const);
    link.sendControl('registry_heads', {}, encode(headsPayload({ origins: [], heads, reply: true })));
  },
  ({ world, link, encode }) =>
    link.sendControl('registry_origins', {}, encode(world.sites.map((one) => [one.name, one.bootMax, 1, 1]))),
  ({ world, link, victim }) => {
    const { bootMax: boot } = world.sites.find(({ name }) => name === victim)!;
    for (const tenant of ['platform', 'globex'])
      link.sendControl('registry_fetch', { boot, since: 0, origin: victim, tenant });
  },
  // Its own supervisor tells all to whom it has a link.
  ({ world, life }) => {
    const spec = { id: `${forgedWord}_${world.below(3)}`, kind: 'plain', role: 'core', args: ['', -1] };
    life.node.supervisor.start(spec).catch(() => {});
  },
  ({ world, life, victim }) =>
    void life.node.procedures.ask(victim, 'sim_echo', 1, 1_000).then(
      () => world.fail(`${victim} ran a procedure for ${life.name}`),
      () => {},
    ),
];
