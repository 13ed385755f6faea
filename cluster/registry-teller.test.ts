import { beforeEach, expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { deltaEntriesMax, registryWaitingMax } from './limits.ts';
import type { Link } from './link.ts';
import { RegistryTeller } from './registry-teller.ts';
import type { RegistryDelta } from './registry-wire.ts';
import { actorCodec } from './router.ts';

const codec = actorCodec();

class FakeLink {
  readonly fence: { tenant: string } | null;
  readonly sent: string[] = [];
  isOpen = true;
  after: FakeLink | null = null;
  closed: string | null = null;

  constructor(tenant: string | null = null) {
    this.fence = tenant === null ? null : { tenant };
  }

  get current(): FakeLink {
    return this.after?.current ?? this;
  }

  sendControl(kind: string, header: { since?: number }, payload?: Uint8Array): boolean {
    const read = payload === undefined ? [header.since] : (codec.decode(payload) as unknown[]);
    this.sent.push(
      kind === 'registry_delta' ? `delta ${read[0]}-${read[1]}` : kind.slice('registry_'.length),
    );
    return true;
  }

  sendShared(): boolean {
    this.sent.push('shared');
    return true;
  }

  close(code: string): void {
    this.closed = code;
    this.isOpen = false;
  }
}

let clock: ReturnType<typeof manualClock>;
let links: Map<string, FakeLink>;
let teller: RegistryTeller;

beforeEach(() => {
  clock = manualClock();
  links = new Map([
    ['core_2', new FakeLink()],
    ['core_3', new FakeLink()],
  ]);
  const linkTo = (node: string) => (links.get(node) ?? null) as unknown as Link | null;
  const nodeLinks = () => links.values() as unknown as Iterable<Link>;
  teller = new RegistryTeller({ codec, linkTo, nodeLinks }, clock);
});

function delta(from: number, entries: number): RegistryDelta {
  const puts = Array.from({ length: entries }, (_, n): RegistryDelta['puts'][number] => {
    return ['default', 'check', `c${from + n}`, null, {}, from + n + 1, 1, false];
  });
  const span = { from, to: from + entries, whole: 0 };
  return { origin: 'core_1', boot: 1, tenant: 'platform', ...span, puts, removals: [] };
}

function answer(peer: string, parts: number): void {
  for (let part = 0; part < parts; part += 1)
    teller.tell({ type: 'send_delta', peer, delta: delta(part * deltaEntriesMax, deltaEntriesMax) });
}

test('a long answer goes out a part a turn, and other links are not kept waiting by it', async () => {
  const { sent } = links.get('core_2')!;
  answer('core_2', 3);
  expect(sent).toEqual(['delta 0-1000']);
  teller.tell({
    type: 'send_fetch',
    peer: 'core_3',
    origin: 'core_3',
    boot: 1,
    tenant: 'platform',
    since: 0,
  });
  expect(links.get('core_3')!.sent).toEqual(['fetch']);
  await clock.settle();
  expect(sent).toEqual(['delta 0-1000', 'delta 1000-2000', 'delta 2000-3000']);
});

test('nothing that is told to a link overtakes an answer that is not whole yet', async () => {
  answer('core_2', 2);
  teller.tell({ type: 'broadcast', delta: delta(2_000, 1) });
  teller.tell({ type: 'send_heads', peer: 'core_2', message: { origins: [], heads: [], reply: false } });
  expect(links.get('core_3')!.sent).toEqual(['shared']);
  await clock.settle();
  expect(links.get('core_2')!.sent).toEqual(['delta 0-1000', 'delta 1000-2000', 'shared', 'heads']);
});

test('many small answers share a turn up to its bound', async () => {
  const half = deltaEntriesMax / 2;
  for (let n = 0; n < 5; n += 1)
    teller.tell({ type: 'send_delta', peer: 'core_2', delta: delta(n * half, half) });
  expect(links.get('core_2')!.sent).toEqual(['delta 0-500', 'delta 500-1000']);
  await clock.settle();
  expect(links.get('core_2')!.sent).toHaveLength(5);
});

test('what takes the place of a link gets the rest, and a link that ended takes what waited with it', async () => {
  const [first, second] = [links.get('core_2')!, new FakeLink()];
  answer('core_2', 3);
  first.after = second;
  links.set('core_2', second);
  teller.tell({ type: 'broadcast', delta: delta(3_000, 1) });
  await clock.settle();
  expect(first.sent).toEqual(['delta 0-1000']);
  expect(second.sent).toEqual(['delta 1000-2000', 'delta 2000-3000', 'shared']);
  answer('core_3', 3);
  const ended = links.get('core_3')!;
  ended.isOpen = false;
  links.set('core_3', new FakeLink());
  await clock.settle();
  expect(ended.sent.filter((one) => one.startsWith('delta'))).toEqual(['delta 0-1000']);
  expect(links.get('core_3')!.sent).toEqual([]);
});

test('a peer that asks for more than may wait is dropped', () => {
  const link = links.get('core_2')!;
  answer('core_2', 2);
  const heads = {
    type: 'send_heads',
    peer: 'core_2',
    message: { origins: [], heads: [], reply: false },
  } as const;
  for (let n = 0; n < registryWaitingMax; n += 1) teller.tell(heads);
  expect(link.closed).toBe('not_reading');
});
