/** Watchers: the events that one is told, replayed, are its node's list at every moment, without one too many. */
import {
  formatKey,
  type Metadata,
  type NameEntry,
  type NameEvent,
  type NameQuery,
} from '../../../cluster/index.ts';
import { list } from '../../../cluster/registry.ts';
import { keyOf } from '../../../cluster/registry-index.ts';
import type { Entry } from '../../../cluster/registry-shard.ts';
import { type Ref, sameRef } from '../../../runtime/index.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

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

/** All watchers of a life are told the same entry, one after the other: its key is written once. */
class KeyText {
  private of: NameEntry | null = null;
  private text = '';

  get(entry: NameEntry): string {
    if (this.of !== entry) {
      this.of = entry;
      this.text = formatKey(entry.key);
    }
    return this.text;
  }
}

class Replay {
  private readonly world: World;
  private readonly life: Life;
  private readonly query: NameQuery;
  private readonly keyText: KeyText;
  private readonly told = new Map<string, Told>();
  /** As they were compared last, and those of them of which something was told since. */
  private listed: readonly Entry[] = [];
  private readonly disturbed = new Set<Entry>();

  constructor(world: World, life: Life, query: NameQuery, keyText: KeyText) {
    this.world = world;
    this.life = life;
    this.query = query;
    this.keyText = keyText;
    life.node.names.watch(query, (event) => this.heard(event), new AbortController().signal);
  }

  private heard({ type, entry }: NameEvent): void {
    const text = this.keyText.get(entry);
    const before = this.told.get(text);
    if ((before !== undefined) === (type === 'added'))
      this.world.fail(
        `${this.who()}: ${type} ${text}, which is ${type === 'added' ? 'there already' : 'not there'}`,
      );
    if (before !== undefined && before.listed !== null) this.disturbed.add(before.listed);
    if (type === 'removed') this.told.delete(text);
    else this.told.set(text, { ref: entry.ref, metadata: entry.metadata, listed: null });
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
    if (listed.length !== this.told.size)
      this.world.fail(`${this.who()} counts ${this.told.size} names, there are ${listed.length}`);
    this.listed = listed;
    disturbed.clear();
  }

  private judge(entry: Entry): void {
    const told = this.told.get(textOf(entry));
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
    world.watches.push({
      started: (life) => {
        const keyText = new KeyText();
        replays.set(
          life,
          queries.map((query) => new Replay(world, life, query, keyText)),
        );
      },
    });
  },
  always(world) {
    for (const life of world.living()) for (const replay of replays.get(life) ?? []) replay.compare();
  },
};
