/**
 * Several nodes with supervised children, in one process, for tests of the machine: links that are cut and healed, messages
 * that a test delivers, loses or repeats, views that change when the test says so, actors that are only counted. The
 * registry is played by claims that are told like everything else; whom it shows is settled by placement, as in earnest.
 */
import {
  type ChildrenEffect,
  type ChildrenEvent,
  type ChildrenHappening,
  stepChildren,
} from '../children.ts';
import { type ChildrenState, createChildren, placeOf, type Want } from '../children-state.ts';
import { ownerOf } from '../placement.ts';

interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly event: ChildrenHappening | { type: 'claims'; rows: readonly ClaimRow[] };
}

type ClaimRow = readonly [id: string, sequence: number, held: boolean];

export class TestNode {
  readonly name: string;
  readonly state: ChildrenState;
  /** Versions of the actors that run or are about to, by child. */
  readonly actors = new Map<string, string>();
  readonly claims = new Map<string, ClaimRow>();
  readonly seen = new Map<string, Map<string, ClaimRow>>();
  /** Nodes that it sees up. */
  readonly view = new Set<string>();
  /** Nodes that others told it of. */
  readonly heardOf = new Set<string>();
  /** Nodes whose certificates, as it knows them, have ended. */
  readonly distrusted = new Set<string>();
  alive = true;
  starts = 0;

  constructor(name: string) {
    this.name = name;
    this.state = createChildren(name, 'core');
    this.view.add(name);
  }
}

export class TestCluster {
  readonly nodes = new Map<string, TestNode>();
  readonly known = new Set<string>();
  readonly linked = new Set<string>();
  readonly sent: Envelope[] = [];
  readonly wants = new Map<string, Want>();
  /** Ends and starts of actors that have not been reported yet. */
  readonly due: (() => void)[] = [];
  /** A test may look on. */
  decide: (node: TestNode, event: ChildrenEvent) => readonly ChildrenEffect[] = ({ state }, event) =>
    stepChildren(state, event).effects;
  /** Told after every change of any actor. */
  watch: () => void = () => {};
  nowMs = 0;
  private sequence = 0;

  join(name: string, quietMs = 0): TestNode {
    const node = new TestNode(name);
    this.nodes.set(name, node);
    this.known.add(name);
    this.apply(node, { type: 'wants', changes: this.changes([...this.wants.keys()], node) });
    for (const other of this.alive()) this.link(name, other.name);
    this.seeMembers(node);
    this.apply(node, { type: 'serve', kinds: ['counter'], quietMs });
    return node;
  }

  alive(): TestNode[] {
    return [...this.nodes.values()].filter((node) => node.alive);
  }

  kill(name: string): void {
    const node = this.nodes.get(name);
    if (node === undefined || !node.alive) return;
    node.alive = false;
    node.actors.clear();
    for (const other of this.nodes.keys()) this.cut(name, other);
    this.watch();
  }

  isLinked(a: string, b: string): boolean {
    return this.linked.has([a, b].sort().join(' '));
  }

  /** Both see each other from now on, and tell each other what they have. */
  link(a: string, b: string): void {
    if (a === b || this.isLinked(a, b) || !this.nodes.get(a)?.alive || !this.nodes.get(b)?.alive) return;
    this.linked.add([a, b].sort().join(' '));
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const node = this.nodes.get(from)!;
      this.tell(node, to);
      node.view.add(to);
      node.distrusted.delete(to);
      node.heardOf.delete(to);
      this.seeMembers(node);
      if (node.state.standstill !== null) this.apply(node, { type: 'peer_linked', peer: to });
    }
  }

  /** Nodes repeat now and then what they said, and compare their registries: what was lost on an open link is mended. */
  tellAgain(): void {
    for (const from of this.alive()) for (const to of this.alive()) this.tell(from, to.name);
  }

  private tell({ name, state, claims }: TestNode, to: string): void {
    this.send(name, to, { type: 'peer_serves', peer: name, serving: state.serving && !state.draining });
    this.send(name, to, { type: 'claims', rows: [...claims.values()] });
  }

  /** What is under way between them is lost; each goes on believing in the other until it notices. */
  cut(a: string, b: string): void {
    if (!this.linked.delete([a, b].sort().join(' '))) return;
    const kept = this.sent.filter(({ from, to }) => !(from === a && to === b) && !(from === b && to === a));
    this.sent.splice(0, this.sent.length, ...kept);
  }

  notice(at: string, gone: string): void {
    const node = this.nodes.get(at);
    if (node === undefined || !node.alive || at === gone || this.isLinked(at, gone)) return;
    if (!node.view.delete(gone)) return;
    this.seeNames(node);
    this.seeMembers(node);
  }

  /** Others told it that there is this one, which it does not see itself. */
  hear(at: string, other: string): void {
    const node = this.nodes.get(at);
    if (node === undefined || !node.alive || at === other || node.view.has(other)) return;
    node.heardOf.add(other);
    this.seeMembers(node);
  }

  /** It finds that the other's certificate has ended: the link, if any, ends with it. */
  distrust(at: string, other: string): void {
    this.nodes.get(at)?.distrusted.add(other);
    this.cut(at, other);
    this.notice(at, other);
  }

  want(id: string, want: Want | null): void {
    if (want === null) this.wants.delete(id);
    else this.wants.set(id, want);
    for (const node of this.alive()) this.apply(node, { type: 'wants', changes: this.changes([id], node) });
  }

  drain(name: string): void {
    const node = this.nodes.get(name);
    if (node?.alive && !node.state.draining) this.apply(node, { type: 'drain' });
  }

  /** It finds that it did not run. */
  standStill(name: string): void {
    const node = this.nodes.get(name);
    if (node !== undefined) this.apply(node, { type: 'stood_still', gapMs: 8_000 });
  }

  deliver(at: number): void {
    const [envelope] = this.sent.splice(at, 1);
    const node = this.nodes.get(envelope?.to ?? '');
    if (envelope === undefined || !node?.alive) return;
    if (envelope.event.type === 'claims') this.takeClaims(node, envelope.from, envelope.event.rows);
    else this.apply(node, envelope.event);
  }

  /** The first message of the `at`th pair that has any: links keep their order. */
  deliverInOrder(at: number): void {
    const pairs = [...new Set(this.sent.map(({ from, to }) => `${from} ${to}`))];
    if (pairs.length === 0) return;
    const pair = pairs[at % pairs.length]!;
    this.deliver(this.sent.findIndex(({ from, to }) => `${from} ${to}` === pair));
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const node of this.alive()) this.apply(node, { type: 'tick' });
  }

  /** Everything under way arrives, all actors report. */
  settle(): void {
    while (this.sent.length > 0 || this.due.length > 0) {
      while (this.due.length > 0) this.due.shift()!();
      if (this.sent.length > 0) this.deliver(0);
    }
  }

  /** The split heals, everybody notices everybody, and time passes. */
  converge(): void {
    for (const a of this.alive()) {
      for (const b of this.nodes.values()) if (!b.alive) this.notice(a.name, b.name);
      for (const b of this.alive()) this.link(a.name, b.name);
    }
    for (let round = 0; round < 400; round += 1) {
      if (round % 50 === 0) this.tellAgain();
      this.settle();
      this.advance(20);
    }
    this.settle();
  }

  /** `id` -> the nodes on which it runs. */
  running(): Map<string, string[]> {
    const running = new Map<string, string[]>();
    for (const { name, actors } of this.alive()) {
      for (const id of actors.keys()) running.set(id, [...(running.get(id) ?? []), name]);
    }
    return running;
  }

  /** Where each child is to run. */
  placed(): Map<string, string[]> {
    const able = this.alive().filter(({ state }) => !state.draining);
    const names = able.map(({ name }) => name);
    const placed = new Map<string, string[]>();
    if (names.length === 0) return placed;
    for (const [id, want] of this.wants) placed.set(id, [ownerOf(placeOf(want), names)!]);
    return placed;
  }

  apply(node: TestNode, event: ChildrenHappening): void {
    if (!node.alive) return;
    const effects = this.decide(node, { ...event, nowMs: this.nowMs });
    for (const effect of effects) this.perform(node, effect);
  }

  private perform(node: TestNode, effect: ChildrenEffect): void {
    const { name } = node;
    switch (effect.type) {
      case 'tell_serving':
        for (const other of this.alive())
          this.send(name, other.name, { type: 'peer_serves', peer: name, serving: effect.serving });
        return;
      case 'ask':
        for (const peer of effect.peers) this.send(name, peer, { ...effect, type: 'ask', peer: name });
        return;
      case 'meet':
        for (const peer of effect.peers)
          this.send(name, peer, { type: 'ask', peer: name, round: effect.round, ids: [] });
        return;
      case 'answer':
        this.send(name, effect.peer, { ...effect, peer: name });
        return;
      case 'handover':
        this.send(name, effect.peer, effect);
        return;
      case 'start':
        node.starts += 1;
        node.actors.set(effect.id, effect.want.version);
        this.watch();
        this.due.push(() => this.startedUp(node, effect.id));
        return;
      case 'stop':
        this.due.push(() => this.end(node, effect.id, 'shutdown'));
        return;
    }
  }

  private startedUp(node: TestNode, id: string): void {
    if (!node.alive || !node.actors.has(id)) return;
    this.apply(node, { type: 'started', ids: [id] });
    if (node.state.children.get(id)?.phase !== 'running') return;
    const holder = this.holderOf(node, id);
    if (holder !== null && holder !== node.name) this.apply(node, { type: 'names', changes: [[id, holder]] });
    else this.claim(node, id, true);
  }

  /** The actor ends. */
  end(node: TestNode, id: string, reason: string): void {
    if (!node.alive || !node.actors.delete(id)) return;
    this.watch();
    this.claim(node, id, false);
    this.apply(node, { type: 'ended', id, reason, detail: null, state: null, random: 0.5 });
  }

  private claim(node: TestNode, id: string, held: boolean): void {
    if ((node.claims.get(id)?.[2] ?? false) === held) return;
    this.sequence += 1;
    const row: ClaimRow = [id, this.sequence, held];
    node.claims.set(id, row);
    for (const other of this.alive()) this.send(node.name, other.name, { type: 'claims', rows: [row] });
    this.seeName(node, id);
  }

  private takeClaims(node: TestNode, from: string, rows: readonly ClaimRow[]): void {
    const held = node.seen.get(from) ?? new Map<string, ClaimRow>();
    node.seen.set(from, held);
    for (const row of rows) {
      if ((held.get(row[0])?.[1] ?? 0) < row[1]) held.set(row[0], row);
      this.seeName(node, row[0]);
    }
  }

  private holderOf(node: TestNode, id: string): string | null {
    const holders = [...node.seen]
      .filter(([name, rows]) => node.view.has(name) && rows.get(id)?.[2])
      .map(([name]) => name);
    if (node.claims.get(id)?.[2]) holders.push(node.name);
    const want = this.wants.get(id) ?? node.state.children.get(id)?.want;
    return ownerOf(want == null ? id : placeOf(want), holders);
  }

  /** What the registry does: the name is given up by the one who is not shown. */
  private seeName(node: TestNode, id: string): void {
    const holder = this.holderOf(node, id);
    if (holder !== node.name && node.claims.get(id)?.[2]) this.claim(node, id, false);
    this.apply(node, { type: 'names', changes: [[id, holder]] });
  }

  private seeNames(node: TestNode): void {
    for (const rows of [...node.seen.values()]) for (const id of rows.keys()) this.seeName(node, id);
  }

  private seeMembers(node: TestNode): void {
    const members = [...this.known].map((name) => ({
      ...{ name, role: 'core', boot: 1, live: node.view.has(name) },
      ...(node.distrusted.has(name) && !node.view.has(name) && { distrusted: true as const }),
    }));
    const heardOf = [...node.heardOf];
    this.apply(node, { type: 'members', members, ...(heardOf.length > 0 && { heardOf }) });
    this.seeNames(node);
  }

  private changes(ids: readonly string[], node: TestNode) {
    return ids.map((id) => {
      const holder = this.holderOf(node, id);
      return { id, want: this.wants.get(id) ?? null, holder: holder === node.name ? null : holder };
    });
  }

  private send(from: string, to: string, event: Envelope['event']): void {
    if (this.isLinked(from, to)) this.sent.push({ from, to, event });
  }
}
