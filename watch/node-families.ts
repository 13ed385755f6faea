/** What every node tells: its actors, the members and names that it knows, its links, and what the tenant fence refused. */
import type { ClusterNode, LinkView } from '../cluster/index.ts';
import { asked, each, type Family, type FamilyGroup, labelled, plain, type Sample } from './family.ts';
import { nameKindsShownMax } from './limits.ts';
import { type LinkSum, LinkSums } from './link-sums.ts';

interface NodeAnswer {
  readonly malformed: number;
}

/** `ask`: a procedure of this node. */
export function nodeFamilies(node: ClusterNode, ask: (procedure: string) => Promise<unknown>): FamilyGroup[] {
  return [
    { families: [...actorFamilies(node), ...memberFamilies(node)] },
    asked(
      async () => (await ask('node')) as NodeAnswer,
      (latest) => [
        plain(
          'counter',
          'picket_malformed_payloads_total',
          'Messages of other nodes that could not be read.',
          () => latest().malformed,
        ),
      ],
    ),
    linkFamilies(async () => (await ask('links')) as LinkView[]),
  ];
}

function actorFamilies({ system }: ClusterNode): Family[] {
  const counts = () => system.counts();
  return [
    plain('gauge', 'picket_actors', 'Actors that live on this node.', () => counts().actors),
    plain('counter', 'picket_dead_letters_total', 'Messages that nobody took.', () => counts().deadLetters),
    labelled(
      'counter',
      'picket_mailbox_refused_messages_total',
      'Messages that a full mailbox did not keep, by what its actor does when it is full.',
      () => each('policy', counts().full),
    ),
    plain('counter', 'picket_actor_crashes_total', 'Handlers that threw.', () => counts().crashes),
    plain(
      'counter',
      'picket_actor_restarts_total',
      'Children that their supervisors started again.',
      () => counts().restarts,
    ),
    plain(
      'counter',
      'picket_actor_zombies_total',
      'Ended actors whose handler still ran after the time that it had to settle.',
      () => counts().zombies,
    ),
    plain(
      'counter',
      'picket_run_queue_yields_total',
      'Slices of actors that ended with work left over.',
      () => counts().yields,
    ),
  ];
}

function memberFamilies(node: ClusterNode): Family[] {
  const byStatus = () => {
    const counted = { up: 0, suspect: 0, down: 0, left: 0 };
    for (const { status } of node.members.list()) counted[status] += 1;
    return counted;
  };
  return [
    labelled('gauge', 'picket_members', 'Nodes as this node sees them, by status.', () =>
      each('status', byStatus()),
    ),
    plain('gauge', 'picket_split', '1 while this node sees the network split.', () =>
      node.members.split() === null ? 0 : 1,
    ),
    plain(
      'gauge',
      'picket_coordinator',
      '1 on the node that this node takes for the coordinator, when it is itself.',
      () => (node.coordinator().node === node.node ? 1 : 0),
    ),
    labelled('gauge', 'picket_names', 'Names that actors of this node hold, by kind.', () =>
      each('kind', namesByKind(node)),
    ),
  ];
}

function namesByKind(node: ClusterNode): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { key } of node.names.list({ node: node.node })) {
    const isShown = Object.hasOwn(counted, key.kind) || Object.keys(counted).length < nameKindsShownMax;
    const kind = isShown ? key.kind : 'others';
    counted[kind] = (counted[kind] ?? 0) + 1;
  }
  return counted;
}

function linkFamilies(ask: () => Promise<LinkView[]>): FamilyGroup {
  const sums = new LinkSums();
  const look = async () => {
    const links = await ask();
    sums.look(links);
    return links;
  };
  const counter = (name: string, help: string, field: keyof LinkSum) =>
    labelled('counter', name, help, () =>
      [...sums.byPeer].map(([peer, sum]): Sample => ({ labels: { peer }, value: sum[field] })),
    );
  return asked(look, (latest) => [
    labelled('gauge', 'picket_links', 'Open links, by state.', () => {
      const states = { greeting: 0, open: 0, retired: 0 };
      for (const { state } of latest()) states[state] += 1;
      return each('state', states);
    }),
    counter('picket_link_received_bytes_total', 'Bytes that came from a peer.', 'bytesIn'),
    counter('picket_link_sent_bytes_total', 'Bytes that went to a peer.', 'bytesOut'),
    counter('picket_link_received_frames_total', 'Messages that came from a peer.', 'framesIn'),
    counter('picket_link_sent_frames_total', 'Messages that went to a peer.', 'framesOut'),
    counter(
      'picket_link_refused_messages_total',
      'Casts and calls that were not taken, because too much waited for the peer.',
      'refused',
    ),
    labelled('gauge', 'picket_link_queued_bytes', "Bytes that the peer's network has not taken.", () =>
      grouped(
        sums,
        latest(),
        (link) => link.queuedBytes,
        (a, b) => a + b,
      ),
    ),
    labelled(
      'gauge',
      'picket_link_rtt_seconds',
      'Round trip to a peer; of several under one name the longest.',
      () => grouped(sums, latest(), (link) => (link.rttMs === null ? null : link.rttMs / 1_000), Math.max),
    ),
    labelled(
      'counter',
      'picket_fence_refusals_total',
      "What the tenant fence refused of tenants' nodes, by rule.",
      () => each('rule', sums.refusedByRule),
    ),
  ]);
}

function grouped(
  sums: LinkSums,
  links: readonly LinkView[],
  read: (link: LinkView) => number | null,
  join: (a: number, b: number) => number,
): readonly Sample[] {
  const values: Record<string, number> = {};
  for (const link of links) {
    const value = read(link);
    const peer = sums.peerOf(link);
    if (value !== null) values[peer] = peer in values ? join(values[peer]!, value) : value;
  }
  return each('peer', values);
}
