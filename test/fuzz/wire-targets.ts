/**
 * What nodes tell each other and what discovery is told, under changed input: payloads of control frames, datagrams of
 * the group, answers of the Kubernetes API, addresses. What a reader took is judged again by the words of its promise.
 */

import { readAddress } from '../../cluster/address.ts';
import { networkOf } from '../../cluster/admission/handshake-rate.ts';
import { readWord, wordRow } from '../../cluster/children-wire.ts';
import {
  addressesHeard,
  age,
  createHeard,
  gossipTag,
  hear,
  writeGossip,
} from '../../cluster/discovery/gossip-packet.ts';
import { dialable } from '../../cluster/discovery/hints.ts';
import { readEvent, readList, statusMessage } from '../../cluster/discovery/kubernetes-objects.ts';
import { hintsMax } from '../../cluster/discovery/limits.ts';
import { readGreeting } from '../../cluster/greeting.ts';
import { actorCodec, ClusterError } from '../../cluster/index.ts';
import { deltaEntriesMax, greetingKnowsMax, nodesMax } from '../../cluster/limits.ts';
import { readView } from '../../cluster/membership-view.ts';
import {
  deltaPayload,
  headsPayload,
  readDelta,
  readHeads,
  readOrigins,
} from '../../cluster/registry-wire.ts';
import { errorOf, signalOf } from '../../cluster/router-forms.ts';
import { Ref } from '../../runtime/index.ts';
import { changedValue } from './change-value.ts';
import { mutated, pick } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const codec = actorCodec();
const ref = new Ref('core_1', 7, 42);
const signalKinds = ['monitor', 'demonitor', 'down', 'link', 'unlink', 'exit'] as const;

const payloads: readonly unknown[] = [
  { address: '127.0.0.1:7400', pid: 7, knows: ['127.0.0.1:7401', '[::1]:9'], link: 1, lost: 0 },
  [
    ...[{ name: 'core_2', role: 'core', boot: 9, address: '[::1]:7400', tenant: null }].map((one) => ({
      ...one,
      ...{ status: 'up', incarnation: 3, ageMs: 20 },
    })),
  ],
  deltaPayload({
    ...{ origin: 'core_1', boot: 7, tenant: 'default', from: 0, to: 3, whole: 3 },
    puts: [['default', 'check', 'a', ref, { status: 'up' }, 1, 5, true]],
    removals: [['default', 'check', 'b', 2]],
  }),
  [['core_2', 9, 1, 2]],
  headsPayload({ origins: ['core_1'], heads: [['core_2', 9, 'default', 4]], reply: true }),
  wordRow({ type: 'state', serving: true, high: 1, low: 2 }),
  wordRow({ type: 'ask', round: 1, ids: ['a', 'b'] }),
  wordRow({ type: 'answer', round: 1, held: ['a'], elsewhere: [['core_2', ['b']]] }),
  wordRow({ type: 'handover', id: 'a', version: '1', hops: 0, state: { at: [1] } }),
  wordRow({ type: 'report', id: 'a', version: '1', code: 'child_failed', detail: 'no' }),
  wordRow({ type: 'digest', digest: { hashes: [1, 2], reply: true, context: [], horizonMs: 5 } }),
  wordRow({ type: 'delta', delta: { puts: [], removals: [] } }),
  [3, 'killed', 'why', true],
  { code: 'no_actor', detail: 'gone' },
];

/** Payloads of every kind to every reader of one: an answer of the reader's own, and nothing thrown. */
export function words(): FuzzTarget {
  const corpus = payloads.map((one) => Buffer.from(codec.encode(one)));
  return {
    name: 'words',
    run(random) {
      let value: unknown;
      if (random.next() < 0.7) value = changedValue(random, pick(random, payloads));
      else {
        const bytes = mutated(random, corpus);
        requireGreeting(readGreeting(codec, bytes, 1));
        try {
          value = codec.decode(bytes);
        } catch (error) {
          if (error instanceof ClusterError && error.code === 'cannot_decode') return;
          throw error;
        }
      }
      requireRead(value);
      const kind = pick(random, signalKinds);
      const signal = signalOf(kind, ref, ref, value);
      if (signal !== null && signal.type !== kind) throw new Error(`${kind} became ${signal.type}`);
      const { code, detail } = errorOf(value);
      if (typeof code !== 'string' || typeof detail !== 'string') throw new Error('an error without words');
    },
  };
}

function requireGreeting(greeting: ReturnType<typeof readGreeting>): void {
  if (typeof greeting === 'string') return;
  const { address, knows } = greeting;
  if (address !== '' && readAddress(address) === null) throw new Error(`greets from ${address}`);
  if (knows.length > greetingKnowsMax) throw new Error(`knows ${knows.length}`);
}

function requireRead(value: unknown): void {
  for (const { name, address, tenant } of readView(value) ?? []) {
    if (tenant !== null || readAddress(address) === null || name.includes('.'))
      throw new Error(`sees ${name}`);
  }
  const delta = readDelta('core_1', 7, 'default', value);
  if (delta !== null) {
    const entries = [...delta.puts.map((row) => row[5]), ...delta.removals.map((row) => row[3])];
    if (entries.length > deltaEntriesMax) throw new Error(`${entries.length} entries`);
    if (entries.some((at) => at <= delta.from || at > delta.to)) throw new Error('an entry out of its range');
  }
  if ((readOrigins(value)?.length ?? 0) > nodesMax) throw new Error('too many origins');
  readHeads(value);
  const word = readWord(value);
  // What was read as a word is written as one: it was whole.
  if (typeof word === 'object' && word !== null && readWord(wordRow(word)) === null)
    throw new Error(`half a ${word.type}`);
}

/** Datagrams of strangers: no address but the sender's own, and no more of them than hints are kept. */
export function gossip(): FuzzTarget {
  const tag = gossipTag('picket');
  const corpus = (['here', 'leaving'] as const).map((kind) =>
    Buffer.from(writeGossip({ kind, tag, nonce: '0123abcd', port: 7_400 })),
  );
  const senders = ['192.0.2.1', '192.0.2.2', '2001:db8::1'];
  let nowMs = 0;
  const heard = createHeard(tag, 'ffffffff', nowMs);
  return {
    name: 'gossip',
    run(random) {
      nowMs += random.next() * 20;
      hear(heard, mutated(random, corpus), pick(random, senders), nowMs);
      if (random.next() < 0.01) age(heard, nowMs);
      const addresses = addressesHeard(heard);
      if (addresses.length > hintsMax || addresses.length !== heard.addresses)
        throw new Error(`${addresses.length} addresses, counted ${heard.addresses}`);
      for (const address of addresses) {
        const read = readAddress(address);
        if (read === null || !senders.includes(read.host) || read.port === 0) throw new Error(address);
      }
    },
  };
}

/** Answers and events of the Kubernetes API, and what is dialled of them: whole addresses or nothing. */
export function kubernetes(): FuzzTarget {
  const metadata = { name: 'picket-x', resourceVersion: '7' };
  const slice = {
    metadata,
    ports: [{ name: 'picket', port: 7_400, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }],
  };
  const subset = {
    addresses: [{ ip: '10.0.0.2' }],
    notReadyAddresses: [{ ip: 'fd00::1' }],
    ports: slice.ports,
  };
  const values: readonly unknown[] = [
    { metadata, items: [slice] },
    { metadata, items: [{ metadata, subsets: [subset] }] },
    { type: 'ADDED', object: slice },
    { type: 'DELETED', object: slice },
    { type: 'BOOKMARK', object: { metadata } },
    { type: 'ERROR', object: { code: 410, message: 'too old' } },
    { type: 'MODIFIED', object: { metadata, subsets: [subset] } },
  ];
  const corpus = values.map((one) => Buffer.from(JSON.stringify(one)));
  return {
    name: 'kubernetes',
    run(random) {
      const text =
        random.next() < 0.7
          ? JSON.stringify(changedValue(random, pick(random, values)))
          : mutated(random, corpus).toString();
      const resource = pick(random, ['slices', 'endpoints'] as const);
      const port = pick(random, [null, 'picket', '7400']);
      const list = readList(resource, text, port);
      const event = readEvent(resource, text, port);
      const found = [...(list?.objects.values() ?? []), event?.type === 'set' ? event.addresses : []].flat();
      for (const address of found) {
        const dialled = dialable(address);
        if (dialled !== null && readAddress(dialled) === null) throw new Error(dialled);
      }
      if (statusMessage(text).length > 200) throw new Error('a long message');
    },
  };
}

/** Texts that are or are not addresses: what is read has a host and a port, and is of a network. */
export function addresses(): FuzzTarget {
  const texts = [
    '127.0.0.1:7400',
    '[2001:db8::1%eth0]:7400',
    'core-1.example.org:1',
    '::ffff:192.0.2.1',
    '::',
  ];
  const corpus = texts.map((text) => Buffer.from(text));
  return {
    name: 'addresses',
    run(random) {
      const text = mutated(random, corpus).toString('latin1');
      const read = readAddress(text);
      if (read !== null && (read.host === '' || !(read.port >= 0 && read.port <= 65_535)))
        throw new Error(text);
      if (networkOf(text).length > text.length + 8) throw new Error(`the network of ${text}`);
      dialable(text);
    },
  };
}
