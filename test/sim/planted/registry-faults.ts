/**
 * Faults of registries, ours and those of CRDT registries before us, planted at the seam between the directory's shell
 * and its pure steps: an event is dropped or altered before, an effect after.
 */
import type { RegistryEvent } from '../../../cluster/registry.ts';
import { dropClaim } from '../../../cluster/registry-index.ts';
import { setHidden, setSequence, shardOf } from '../../../cluster/registry-shard.ts';
import type { RegistryEffect, RegistryState } from '../../../cluster/registry-state.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { Planted } from './planted.ts';

interface Shell {
  readonly state: RegistryState;
  apply(event: RegistryEvent): 'bad_key' | 'name_taken' | null;
  perform(effect: RegistryEffect): void;
}

const shellOf = (life: Life) => insidesOf(life.node).names as unknown as Shell;

/** `null` drops the event. */
function alterEvents(
  life: Life,
  alter: (event: RegistryEvent, state: RegistryState) => RegistryEvent | null,
): void {
  const shell = shellOf(life);
  const apply = shell.apply.bind(shell);
  shell.apply = (event) => {
    const altered = alter(event, shell.state);
    return altered === null ? null : apply(altered);
  };
}

function alterEffects(
  life: Life,
  alter: (effect: RegistryEffect, state: RegistryState) => RegistryEffect | null,
): void {
  const shell = shellOf(life);
  const perform = shell.perform.bind(shell);
  shell.perform = (effect) => {
    const altered = alter(effect, shell.state);
    if (altered !== null) perform(altered);
  };
}

export const registryFaults: readonly Planted[] = [
  {
    name: 'values vanish for a node that joins: it takes heads for held without the names',
    plant(life) {
      alterEffects(life, (effect, state) => {
        if (effect.type !== 'send_fetch' || effect.since > 0) return effect;
        const shard = shardOf(state.origins.get(effect.origin)!, effect.tenant);
        setSequence(shard, shard.fetch?.wanted ?? 0);
        shard.fetch = null;
        return null;
      });
    },
  },
  {
    name: 'a node returns to an empty registry: its names are dropped when it is down, not hidden',
    plant(life) {
      alterEvents(life, (event, state) => {
        if (event.type !== 'node_up') return event;
        const origin = state.origins.get(event.node);
        if (origin === undefined || !origin.hidden || origin.boot !== event.boot) return event;
        for (const shard of origin.shards.values()) {
          for (const entry of shard.entries) dropClaim(state.index, entry, entry.group.slots.get(entry.id));
          shard.entries.clear();
        }
        return event;
      });
    },
  },
  {
    name: 'a delta that is lost is never missed: hashes are not compared',
    plant(life, world) {
      alterEvents(life, (event) => (event.type === 'heads_hash' ? null : event));
      alterEffects(life, (effect) =>
        (effect.type === 'broadcast' && world.chance(0.1)) || effect.type === 'send_origins' ? null : effect,
      );
    },
  },
  {
    name: 'the dead come back: removals of others are not taken',
    plant(life) {
      alterEvents(life, (event) =>
        event.type === 'delta' ? { ...event, delta: { ...event.delta, removals: [] } } : event,
      );
    },
  },
  {
    name: 'removals are not sent',
    plant(life) {
      alterEffects(life, (effect) =>
        effect.type === 'broadcast' || effect.type === 'send_delta'
          ? { ...effect, delta: { ...effect.delta, removals: [] } }
          : effect,
      );
    },
  },
  {
    name: 'a relay forgets removals of names that it never held',
    plant(life) {
      alterEvents(life, (event, state) => {
        if (event.type !== 'delta') return event;
        const { delta } = event;
        const held = state.origins.get(delta.origin)?.shards.get(delta.tenant)?.entries ?? new Set();
        const ids = new Set([...held].map((entry) => entry.id));
        const removals = delta.removals.filter((row) => ids.has(row[2]));
        return { ...event, delta: { ...delta, removals } };
      });
    },
  },
  {
    name: 'a delta is taken wherever it begins',
    plant(life) {
      alterEvents(life, (event, state) => {
        if (event.type !== 'delta' || event.delta.whole > 0) return event;
        const held = state.origins.get(event.delta.origin)?.shards.get(event.delta.tenant)?.sequence ?? 0;
        return { ...event, delta: { ...event.delta, from: Math.min(event.delta.from, held) } };
      });
    },
  },
  {
    name: 'both sides keep a name after a split: each thinks that it is the owner',
    plant(life) {
      const { index, self } = shellOf(life).state;
      const { ownerAmong } = index;
      (index as { ownerAmong: typeof ownerAmong }).ownerAmong = (key, nodes) =>
        nodes.includes(self.name) ? self.name : ownerAmong(key, nodes);
    },
  },
  {
    name: 'a lost conflict is not told',
    plant(life) {
      alterEffects(life, (effect) => (effect.type === 'name_conflict' ? null : effect));
    },
  },
  {
    name: 'the names of an earlier boot are kept for the later one',
    plant(life) {
      alterEvents(life, (event, state) => {
        const boot = event.type === 'node_up' ? event.boot : event.type === 'delta' ? event.delta.boot : 0;
        const name = event.type === 'node_up' ? event.node : event.type === 'delta' ? event.delta.origin : '';
        const origin = state.origins.get(name);
        if (origin !== undefined && origin !== state.self && origin.boot < boot)
          (origin as { boot: number }).boot = boot;
        return event;
      });
    },
  },
  {
    name: 'names of a node that is down are shown',
    plant(life) {
      const shell = shellOf(life);
      const apply = shell.apply.bind(shell);
      shell.apply = (event) => {
        const refused = apply(event);
        const origin = event.type === 'node_down' ? shell.state.origins.get(event.node) : undefined;
        if (origin !== undefined) setHidden(origin, false);
        return refused;
      };
    },
  },
  {
    name: 'watchers are not told of names that return',
    plant(life) {
      let returning = false;
      const shell = shellOf(life);
      const apply = shell.apply.bind(shell);
      shell.apply = (event) => {
        returning = event.type === 'node_up';
        const refused = apply(event);
        returning = false;
        return refused;
      };
      alterEffects(life, (effect) => (returning && effect.type === 'watch' ? null : effect));
    },
  },
  {
    name: 'updates of names that are held are not taken',
    plant(life) {
      alterEvents(life, (event, state) => {
        if (event.type !== 'delta') return event;
        const held =
          state.origins.get(event.delta.origin)?.shards.get(event.delta.tenant)?.entries ?? new Set();
        const ids = new Set([...held].map((entry) => entry.id));
        const puts = event.delta.puts.filter((row) => !ids.has(row[2]));
        return { ...event, delta: { ...event.delta, puts } };
      });
    },
  },
];
