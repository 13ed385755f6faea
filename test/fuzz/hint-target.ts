/**
 * What sources of addresses tell (records of a DNS answer, rows and notifications of the database, objects of Kubernetes, a
 * list in a flag): whatever the texts are, what is kept can be dialled, is nobody's own and stays within its bound.
 */
import { readAddress } from '../../cluster/address.ts';
import {
  createDiscovery,
  dialable,
  failed,
  link,
  replaceHints,
  unlink,
} from '../../cluster/discovery/hints.ts';
import { hintDialMaxMs, hintsMax } from '../../cluster/discovery/limits.ts';
import { mutated, pick, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const texts = [
  ...['10.0.0.1:7400', '[2001:db8::1%eth0]:7400', 'core-1.example.org.:7400', 'XN--CORE.example.org:1'],
  ...['::ffff:192.0.2.1', '0.0.0.0:7400', '[::]:7400', '127.0.0.1:0', '_picket._tcp.example.org', 'core_1'],
];

export function hints(): FuzzTarget {
  const corpus = texts.map((text) => Buffer.from(text));
  const state = createDiscovery({ title: 'any', pauseMs: 1_000 });
  state.own.add('10.0.0.1:7400');
  let nowMs = 0;
  return {
    name: 'hints',
    run(random) {
      nowMs += under(random, 1_000);
      const told = Array.from({ length: under(random, 8) }, () => mutated(random, corpus).toString('latin1'));
      // Now and then more than is read of one answer.
      const many =
        random.next() < 0.001 ? Array.from({ length: 5_000 }, (_, n) => `10.1.${n >> 8}.${n & 255}:1`) : [];
      replaceHints(state, [...told, ...many], nowMs);
      for (const [address, hint] of state.hints) {
        if (dialable(address) !== address || state.own.has(address)) throw new Error(`keeps ${address}`);
        if (readAddress(address) === null) throw new Error(`cannot read ${address}`);
        if (random.next() < 0.3) failed(state, hint, 'peer_unreachable', nowMs, random);
        if (hint.dueMs > nowMs + hintDialMaxMs) throw new Error(`${address} waits until ${hint.dueMs}`);
      }
      if (state.hints.size > hintsMax) throw new Error(`${state.hints.size} hints`);
      link(state, `core_${under(random, 3)}`, pick(random, told.length > 0 ? told : texts), nowMs);
      unlink(state, `core_${under(random, 3)}`);
      if (state.linkedAt.size > state.linked.size) throw new Error('an address is linked by nobody');
    },
  };
}
