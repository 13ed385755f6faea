/** Watchers: the events that one is told, replayed, are its node's list at every moment, without one too many. */
import { formatKey, type Metadata, type NameEvent, type NameQuery } from '../../../cluster/index.ts';
import { list } from '../../../cluster/registry.ts';
import { keyOf } from '../../../cluster/registry-index.ts';
import type { Entry } from '../../../cluster/registry-shard.ts';
import { type Ref, sameRef } from '../../../runtime/index.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';
import { GroupNumbers, NameTable } from './name-table.ts';

const queries: readonly NameQuery[] = [{}, { tenant: 'acme' }, { kind: 'service', node: 'node_1' }];

/** What a watcher was told last of one name. */
interface Told {
  readonly ref: Ref;
  readonly metadata: Metadata;
  /** The registry's entry that was found to be of this name. */
  listed: Entry | null;
}

/** So many names that went in one place are stepped over; behind more of them all are looked up. */
const goneInOnePlaceMax = 16;

class Replay {
  private readonly world: World;
  private readonly life: Life;
  private readonly query: NameQuery;
  private readonly told: NameTable<Told>;
  private toldCount = 0;
  /** As they were compared last, and those of them of which something was told since. */
  private listed: readonly Entry[] = [];
  private readonly disturbed = new Set<Entry>();

  constructor(world: World, life: Life, query: NameQuery, groups: GroupNumbers) {
    this.world = world;
    this.life = life;
    this.query = query;
    this.told = new NameTable(groups);
    life.node.names.watch(query, (event) => this.heard(event), new AbortController().signal);
  }

  private heard({ type, entry }: NameEvent): void {
    const { key, ref, metadata } = entry;
    const names = this.told.groupOf(key);
    const now: Told = { ref, metadata, listed: null };
    if (type === 'added') {
      // Looked up once: of what is told nearly all is new.
      const { size } = names;
      names.set(key.id, now);
      if (names.size > size) this.toldCount += 1;
      else this.world.fail(`${this.who()}: ${type} ${formatKey(key)}, which is there already`);
      return;
    }
    const before = names.get(key.id);
    if (before === undefined) {
      this.toldCount += 1;
      this.world.fail(`${this.who()}: ${type} ${formatKey(key)}, which is not there`);
    } else if (before.listed !== null) this.disturbed.add(before.listed);
    if (type === 'updated') names.set(key.id, now);
    else {
      names.delete(key.id);
      this.toldCount -= 1;
    }
  }

  /** Entries never change: one that stands where it stood, and of which nothing was told since, is as it was found to be. */
  compare(): void {
    const listed = list(insidesOf(this.life.node).names.state, this.query);
    const { listed: before, disturbed } = this;
    let at = 0;
    for (const entry of listed) {
      const isThere = before[at] === entry || isBehind(before, at, entry);
      if (isThere) {
        while (before[at] !== entry) at += 1;
        at += 1;
        if (disturbed.size === 0 || !disturbed.has(entry)) continue;
      }
      this.judge(entry);
    }
    if (listed.length !== this.toldCount)
      this.world.fail(`${this.who()} counts ${this.toldCount} names, there are ${listed.length}`);
    this.listed = listed;
    disturbed.clear();
  }

  private judge(entry: Entry): void {
    const told = this.told.groupOf(entry.group).get(entry.id);
    if (told === undefined) this.world.fail(`${this.who()} was not told of ${textOf(entry)}`);
    else if (!isAs(told, entry))
      this.world.fail(`${this.who()} was not told of the last change of ${textOf(entry)}`);
    else told.listed = entry;
  }

  private who(): string {
    return `a watcher of ${JSON.stringify(this.query)} at ${this.life.name}`;
  }
}

function textOf(entry: Entry): string {
  return formatKey(keyOf(entry));
}

function isBehind(before: readonly Entry[], at: number, entry: Entry): boolean {
  const end = Math.min(before.length, at + goneInOnePlaceMax);
  for (let one = at + 1; one < end; one += 1) if (before[one] === entry) return true;
  return false;
}

function isAs(told: Told, { ref, metadata }: Entry): boolean {
  return sameRef(told.ref, ref as Ref) && told.metadata.value === (metadata as Metadata).value;
}

const replays = new WeakMap<Life, Replay[]>();

export const watches: Check = {
  name: 'watches',
  begin(world) {
    const groups = new GroupNumbers();
    world.watches.push({
      started: (life) => {
        replays.set(
          life,
          queries.map((query) => new Replay(world, life, query, groups)),
        );
      },
    });
  },
  always(world) {
    for (const life of world.living()) for (const replay of replays.get(life) ?? []) replay.compare();
  },
};
