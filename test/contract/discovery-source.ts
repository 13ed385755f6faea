/**
 * What every address source promises, whatever is behind it: all addresses and only those, told again when they change,
 * a coded error while the back end is away and the truth again afterwards, an end when it is aborted.
 */
import { afterEach, expect, test } from 'vitest';
import type { AddressSource } from '../../cluster/index.ts';
import { until } from '../e2e/picket.ts';

export interface SourceSetup {
  /** A source on the back end as it is now. */
  source(): AddressSource;
  /** Four addresses that this back end can have. */
  readonly addresses: readonly [string, string, string, string];
  /** The back end has these from now on. */
  publish(addresses: readonly string[]): Promise<void>;
  /** Ends the back end, and brings it back as it was. */
  away?(): Promise<void>;
  back?(): Promise<void>;
}

/** What is promised beside what all promise. */
export interface SourcePromises {
  /** What is published after the source was made is told. */
  readonly changes: boolean;
  /** There is a back end that can be away. */
  readonly outage: boolean;
  /** A session makes its own address known to the others, and takes it back. */
  readonly announces: boolean;
}

const withinMs = 20_000;
const pauseMs = 20;

/** Runs one session after the other, as the seeker does but without its patience. */
export function listenTo(source: AddressSource, own: string) {
  const ending = new AbortController();
  const errors: { code: unknown; message: string }[] = [];
  let told: readonly string[] | null = null;
  let sessions = 0;
  const running = (async () => {
    while (!ending.signal.aborted) {
      sessions += 1;
      try {
        const tell = (addresses: readonly string[]) => {
          told = [...addresses];
        };
        await source.session({ own, signal: ending.signal, tell });
      } catch (error) {
        const { code, message } = error as { code?: unknown; message: string };
        errors.push({ code, message });
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  return {
    errors,
    sessions: () => sessions,
    told: () => told,
    /** What was told last, without our own, in order. */
    others: () => told?.filter((address) => address !== own).sort() ?? null,
    async stop() {
      ending.abort();
      await running;
    },
  };
}

export type Listener = ReturnType<typeof listenTo>;

export async function tells(listener: Listener, addresses: readonly string[]): Promise<void> {
  const wanted = [...addresses].sort().join(' ');
  await until(`to be told of ${wanted || 'nobody'}`, withinMs, () => {
    if (listener.others()?.join(' ') === wanted) return true;
    throw new Error(`told ${String(listener.told())}, errors ${JSON.stringify(listener.errors.slice(-3))}`);
  });
}

export function discoverySourceContract(setupOf: () => SourceSetup, promises: SourcePromises): void {
  const listeners: Listener[] = [];
  const listen = (own: string) => {
    const listener = listenTo(setupOf().source(), own);
    listeners.push(listener);
    return listener;
  };
  afterEach(async () => {
    await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
    await setupOf().publish([]);
  });

  test('tells every address that the back end has, and no other', async () => {
    const { addresses, publish } = setupOf();
    const [own, a, b] = addresses;
    await publish([a, b]);
    const listener = listen(own);
    await tells(listener, [a, b]);
    expect(listener.errors).toEqual([]);
  });

  test('tells two nodes the same', async () => {
    const { addresses, publish } = setupOf();
    const { announces } = promises;
    const [one, two, a, b] = addresses;
    await publish([a, b]);
    const [first, second] = [listen(one), listen(two)];
    await tells(first, announces ? [two, a, b] : [a, b]);
    await tells(second, announces ? [one, a, b] : [a, b]);
  });

  test('ends when it is aborted, also before it began', async () => {
    const [own, a] = setupOf().addresses;
    await setupOf().publish([a]);
    const listener = listen(own);
    await tells(listener, [a]);
    await listener.stop();
    const ended = new AbortController();
    ended.abort();
    const told: string[] = [];
    const tell = (addresses: readonly string[]) => void told.push(...addresses);
    await setupOf().source().session({ own, signal: ended.signal, tell });
  });

  test('has a title and a pause that can be used', () => {
    const { title, pauseMs: pause } = setupOf().source();
    expect(title).toMatch(/^(static|dns|kubernetes|gossip|postgres)/);
    expect(pause).toBeGreaterThanOrEqual(0);
  });

  if (promises.changes) whenItChanges(setupOf, listen);
  if (promises.outage) whileItIsAway(setupOf, listen);
  if (promises.announces) {
    test('makes a node known to the others while its session lasts, and no longer', async () => {
      const [one, two] = setupOf().addresses;
      const [first, second] = [listen(one), listen(two)];
      await tells(first, [two]);
      await tells(second, [one]);
      await second.stop();
      await tells(first, []);
    });
  }
}

type Listen = (own: string) => Listener;

function whenItChanges(setupOf: () => SourceSetup, listen: Listen): void {
  test('tells a new list when the back end changes, without what is gone', async () => {
    const { addresses, publish } = setupOf();
    const [own, a, b, c] = addresses;
    await publish([a, b]);
    const listener = listen(own);
    await tells(listener, [a, b]);
    await publish([b, c]);
    await tells(listener, [b, c]);
    await publish([a]);
    await tells(listener, [a]);
  });
}

function whileItIsAway(setupOf: () => SourceSetup, listen: Listen): void {
  test('fails with a code while the back end is away, ends when aborted, and then tells the truth', async () => {
    const { addresses, publish, away, back } = setupOf();
    const [own, a, b, c] = addresses;
    await publish([a, b]);
    const listener = listen(own);
    await tells(listener, [a, b]);
    await away!();
    try {
      await until('two errors', withinMs, () => listener.errors.length > 1);
      for (const { code } of listener.errors)
        expect(code).toMatch(/^(discovery_unreachable|store_unavailable)$/);
      expect(listener.others()).toEqual([a, b].sort());
      const other = listen(c);
      await until('another session', withinMs, () => other.sessions() > 1);
      await other.stop();
    } finally {
      await back!();
    }
    await publish([b, c]);
    await tells(listener, [b, c]);
  });
}
