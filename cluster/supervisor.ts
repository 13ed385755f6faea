/**
 * The distributed supervisor: children that run exactly once somewhere in the cluster. The door, and the shell around the
 * replicated map of specs (specs.ts): what is wanted comes from there and from rows, who runs it is decided in
 * supervisor-loop.ts, and the registry shows where. Every node has one; those that `serve` run children.
 */
import type { ActorSystem, Clock, Log, Protocol, Recorder, Ref } from '../runtime/index.ts';
import { type ChildSpec, faultOf, keyOfChild, sameSpec } from './child-spec.ts';
import type { Want } from './children-state.ts';
import { type ChildExplanation, type ChildRow, explainChild, listChildren } from './children-view.ts';
import type { Word } from './children-wire.ts';
import type { Members, NameEvent } from './cluster-view.ts';
import type { Directory } from './directory.ts';
import { assert, ClusterError } from './errors.ts';
import { aloneMs, childAnswerMs, drainMs, joinSettleMs } from './limits.ts';
import { Answers } from './supervisor-answers.ts';
import type { ChildKind } from './supervisor-keeper.ts';
import { SupervisorLoop } from './supervisor-loop.ts';
import { type ChildRows, RowsReader } from './supervisor-rows.ts';
import { SharedSpecs } from './supervisor-specs.ts';
import type { Vigil } from './vigil.ts';

export interface SupervisorNeeds {
  readonly system: ActorSystem;
  readonly role: string;
  readonly names: Directory;
  readonly members: Members & Pick<Vigil, 'boots' | 'heardOf' | 'notice' | 'roles'>;
  readonly recorder: Recorder;
  readonly log: Log;
  /** Whether other nodes are to be found by this one. */
  readonly hasSeeds: boolean;
  /** To one node, or to all that are linked. False: there is no link. Throws `cannot_encode`. */
  say(to: string | null, word: Word): boolean;
  /** A declared procedure of another node. */
  ask(node: string, procedure: string, argument: unknown): Promise<unknown>;
}

export interface ServeOptions {
  /** Children that must run for ever, beside those that are started. Every node of the role is to read the same. */
  readonly rows?: ChildRows;
}

export class ClusterSupervisor {
  private readonly needs: SupervisorNeeds;
  private readonly specs: SharedSpecs;
  private readonly loop: SupervisorLoop;
  private readonly answers: Answers;
  private readonly ended = new AbortController();
  private readonly watchedKinds = new Set<string>();
  private changed = new Set<string>();
  private flushAsked = false;
  private rows: RowsReader | null = null;
  private served = false;
  private isLinked = false;
  private onLinked: () => void = () => {};
  private onDrained: () => void = () => {};

  constructor(needs: SupervisorNeeds) {
    const { system, members } = needs;
    this.needs = needs;
    this.specs = new SharedSpecs({
      node: system.node,
      boot: system.boot,
      clock: system.clock,
      recorder: needs.recorder,
      say: needs.say,
      boots: () => members.boots(),
      serving: () => this.loop.state.serving && !this.loop.state.draining,
      changed: (ids) => this.wantChanged(ids),
    });
    this.answers = new Answers(system.wheel);
    this.loop = new SupervisorLoop({
      ...needs,
      tellServing: () => this.specs.tellState(null),
      report: (id, version, code, detail) => this.report(id, version, code, detail),
      drained: () => this.onDrained(),
    });
    members.watch(() => this.membersChanged(), this.ended.signal);
  }

  /**
   * From now on this node runs children of these kinds that belong to it. Resolves when it takes them: when the rows were
   * read for the first time, and another node was met (or none for `aloneMs`). Once. A node that goes takes none any more.
   */
  async serve(kinds: Readonly<Record<string, ChildKind>>, options: ServeOptions = {}): Promise<void> {
    assert(!this.served, 'serve is called once');
    this.served = true;
    const { clock } = this.needs.system;
    if (options.rows !== undefined) {
      const changed = (ids: readonly string[]) => this.wantChanged(ids);
      this.rows = new RowsReader({ clock, log: this.needs.log, changed }, options.rows);
      await this.rows.begin();
    }
    if (this.needs.hasSeeds && !this.isLinked) {
      await within(clock, aloneMs, (resolve) => {
        this.onLinked = resolve;
      });
    }
    if (this.ended.signal.aborted) return;
    this.membersChanged();
    this.loop.serve(kinds, this.needs.hasSeeds ? joinSettleMs : 0);
  }

  /**
   * Resolves with the child when it runs and its name is known here: the one that runs already, if the same was asked for
   * before. Rejects with `bad_child`, `child_exists` (of the id, with another spec), `unknown_kind` or `child_failed` (it does
   * not start; it stays wanted and is tried again, until `stop`), `too_many`, or `call_timeout` (it stays wanted too).
   */
  async start<P extends Protocol>(spec: ChildSpec, withinMs = childAnswerMs): Promise<Ref<P>> {
    const fault = faultOf(spec);
    if (fault !== null) throw new ClusterError('bad_child', `${String(spec?.id)}: ${fault}`, fault);
    const present = this.wantOf(spec.id);
    if (present !== null && (present.source === 'row' || !sameSpec(present.spec, spec))) {
      throw new ClusterError('child_exists', `${spec.id} is a child of kind ${present.spec.kind} already`);
    }
    if (present !== null) {
      const entry = this.needs.names.entry(keyOfChild(spec));
      if (entry?.metadata.version === present.version) return entry.ref as Ref<P>;
    } else this.specs.apply({ type: 'put', spec, nowMs: this.needs.system.clock.wallMs() });
    const wanted = this.wantOf(spec.id);
    if (wanted === null) throw new ClusterError('too_many', 'children of the cluster');
    return (await this.answers.wait(spec.id, wanted.version, withinMs)) as Ref<P>;
  }

  /** Resolves when the name is gone. Rejects with `no_such_child` (also for what is a row), or `call_timeout`. */
  async stop(id: string, withinMs = childAnswerMs): Promise<void> {
    const present = this.specs.of(id);
    if (present === null) throw new ClusterError('no_such_child', `${id} was not started`);
    this.specs.apply({ type: 'remove', id });
    if (this.needs.names.entry(keyOfChild(present.spec)) !== null)
      await this.answers.wait(id, null, withinMs);
  }

  /** All children that this node knows to be wanted, by id; of one kind, if told. */
  list(kind: string | null = null): ChildRow[] {
    return listChildren(this.loop.state, kind);
  }

  /** Why a child is where it is, as its owner says; null when nobody wants it. */
  async explain(id: string): Promise<ChildExplanation | null> {
    const own = this.explainHere(id);
    const teller = own?.sinceMs === null ? (own.node ?? own.owner) : null;
    if (teller === null || teller === this.needs.system.node) return own;
    const told = await this.needs.ask(teller, 'explain_child_here', { id }).catch(() => null);
    return (told as ChildExplanation | null) ?? own;
  }

  /** What this node itself knows. */
  explainHere(id: string): ChildExplanation | null {
    return explainChild(this.loop.state, id, this.needs.system.clock.monotonicMs());
  }

  /** Gives all children away and takes none. Resolves when none is left, at the latest after `withinMs`. */
  async drain(withinMs = drainMs): Promise<void> {
    if (this.loop.state.drained) return;
    await within(this.needs.system.clock, withinMs, (resolve) => {
      this.onDrained = resolve;
      this.loop.step({ type: 'drain' });
    });
  }

  // What follows is for the node.

  begin(): void {
    this.membersChanged();
    this.specs.begin();
  }

  /** Children that still run end with it. */
  end(): void {
    this.ended.abort();
    this.specs.end();
    this.rows?.stop();
    this.loop.end();
    this.answers.end();
  }

  linkUp(peer: string): void {
    this.specs.apply({ type: 'link_up', peer });
    this.specs.tellState(peer);
    if (this.loop.state.standstill !== null) this.loop.step({ type: 'peer_linked', peer });
    this.isLinked = true;
    this.onLinked();
  }

  linkDown(peer: string): void {
    this.specs.apply({ type: 'link_down', peer });
  }

  /** This process did not run for so long that others called it dead. */
  stoodStill(gapMs: number): void {
    this.loop.step({ type: 'stood_still', gapMs });
  }

  receive(peer: string, word: Word): void {
    const nowMs = this.needs.system.clock.wallMs();
    switch (word.type) {
      case 'state':
        // Told every second by each peer.
        if (this.loop.state.serves.has(peer) !== word.serving)
          this.loop.step({ type: 'peer_serves', peer, serving: word.serving });
        this.specs.apply({ type: 'hash', peer, high: word.high, low: word.low });
        return;
      case 'delta':
        this.specs.apply({ ...word, peer });
        return;
      case 'digest':
      case 'exchange':
        this.specs.apply({ ...word, peer, nowMs });
        return;
      case 'ask':
      case 'answer':
        this.loop.step({ ...word, peer });
        return;
      case 'handover':
        this.loop.step(word);
        return;
      case 'report':
        this.reported(word.id, word.version, word.code, word.detail);
        return;
    }
  }

  private wantOf(id: string): Want | null {
    return this.rows?.of(id) ?? this.specs.of(id);
  }

  /** What changes in one turn is told and placed together. */
  private wantChanged(ids: readonly string[]): void {
    for (const id of ids) this.changed.add(id);
    if (this.flushAsked) return;
    this.flushAsked = true;
    this.needs.system.clock.soon(() => this.flush());
  }

  private flush(): void {
    this.flushAsked = false;
    this.specs.apply({ type: 'flush' });
    const ids = this.changed;
    this.changed = new Set();
    const kinds = new Set<string>();
    const changes = [...ids].map((id) => {
      const want = this.wantOf(id);
      this.answers.superseded(id, want?.version ?? null);
      if (want === null) return { id, want, holder: null };
      kinds.add(want.spec.kind);
      const holder = this.needs.names.entry(keyOfChild(want.spec))?.node ?? null;
      return { id, want, holder: holder === this.needs.system.node ? null : holder };
    });
    this.loop.step({ type: 'wants', changes });
    for (const kind of kinds) this.watchKind(kind);
  }

  private watchKind(kind: string): void {
    if (this.watchedKinds.has(kind)) return;
    this.watchedKinds.add(kind);
    this.needs.names.watch({ kind }, (event) => this.nameChanged(event), this.ended.signal);
  }

  private nameChanged({ type, entry }: NameEvent): void {
    const { id } = entry.key;
    if (!this.loop.isNameOf(entry.key)) return;
    this.loop.nameSeen(entry.key, type === 'removed' ? null : entry.node);
    if (type === 'removed') this.answers.runsNoMore(id);
    else this.answers.runs(id, entry.metadata.version, entry.ref);
  }

  private membersChanged(): void {
    const { members } = this.needs;
    const heardOf = members.heardOf();
    this.loop.step({ type: 'members', members: members.roles(), ...(heardOf.length > 0 && { heardOf }) });
  }

  private report(id: string, version: string, code: 'child_failed' | 'unknown_kind', detail: string): void {
    const writer = this.specs.writerOf(id, version);
    if (writer === this.needs.system.node) this.reported(id, version, code, detail);
    else if (writer !== null) this.needs.say(writer, { type: 'report', id, version, code, detail });
  }

  private reported(id: string, version: string, code: string, detail: string): void {
    const known = code === 'unknown_kind' ? code : 'child_failed';
    this.answers.failed(id, version, new ClusterError(known, `${id}: ${detail}`));
  }
}

/** Resolves when `begin`'s resolve is called, at the latest when the time is over. */
function within(clock: Clock, ms: number, begin: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.timer(ms, resolve);
    begin(() => {
      cancel();
      resolve();
    });
  });
}
