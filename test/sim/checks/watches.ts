/** Watchers: the events that one is told, replayed, are its node's list at every moment, without one too many. */
import { formatKey, type NameEntry, type NameEvent, type NameQuery } from '../../../cluster/index.ts';
import { sameRef } from '../../../runtime/index.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

const queries: readonly NameQuery[] = [{}, { tenant: 'acme' }, { kind: 'service', node: 'node_1' }];

class Replay {
  private readonly world: World;
  private readonly life: Life;
  private readonly query: NameQuery;
  private readonly entries = new Map<string, NameEntry>();

  constructor(world: World, life: Life, query: NameQuery) {
    this.world = world;
    this.life = life;
    this.query = query;
    life.node.names.watch(query, (event) => this.heard(event), new AbortController().signal);
  }

  private heard({ type, entry }: NameEvent): void {
    const text = formatKey(entry.key);
    if (this.entries.has(text) === (type === 'added'))
      this.world.fail(
        `${this.who()}: ${type} ${text}, which is ${type === 'added' ? 'there already' : 'not there'}`,
      );
    if (type === 'removed') this.entries.delete(text);
    else this.entries.set(text, entry);
  }

  compare(): void {
    const listed = this.life.node.names.list(this.query);
    for (const { key, ref, metadata } of listed) {
      const text = formatKey(key);
      const told = this.entries.get(text);
      if (told === undefined) this.world.fail(`${this.who()} was not told of ${text}`);
      else if (!sameRef(told.ref, ref) || told.metadata.value !== metadata.value)
        this.world.fail(`${this.who()} was not told of the last change of ${text}`);
    }
    if (listed.length !== this.entries.size)
      this.world.fail(`${this.who()} counts ${this.entries.size} names, there are ${listed.length}`);
  }

  private who(): string {
    return `a watcher of ${JSON.stringify(this.query)} at ${this.life.name}`;
  }
}

const replays = new WeakMap<Life, Replay[]>();

export const watches: Check = {
  name: 'watches',
  begin(world) {
    world.watches.push({
      started: (life) =>
        replays.set(
          life,
          queries.map((query) => new Replay(world, life, query)),
        ),
    });
  },
  always(world) {
    for (const life of world.living()) for (const replay of replays.get(life) ?? []) replay.compare();
  },
};
