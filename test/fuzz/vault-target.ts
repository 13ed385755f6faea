/**
 * What lies in the database and in the key ring, under changed input: a value opens as what was sealed there or is refused
 * with a stated code, and a ring that is taken seals with exactly one key.
 */
import { StoreError } from '../../store/index.ts';
import { openField, sealField } from '../../store/vault/field.ts';
import { parseKeyRing } from '../../store/vault/key-ring.ts';
import { mutated, pick } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const lines = [
  `k1:${key(1)}`,
  `k2:${key(2)} made 2026-11-21T17:00:00.000Z retired`,
  `k3:${key(3)} made 2026-11-21T18:00:00.000Z`,
  `k4:${key(4)} next`,
];
const stated: ReadonlySet<string> = new Set(['sealed_malformed', 'sealed_refused', 'no_such_key']);

/** A value of a row: its own text or a refusal, also when another row's parts are in it. */
export function sealed(): FuzzTarget {
  const ring = parseKeyRing(lines.join('\n'), 'ring');
  const place = (rowId: string) => ({
    tenantId: 'abcdefghijkl',
    table: 'users',
    column: 'email_sealed',
    rowId,
  });
  const texts = ['', 'ann@example.org', 'x'.repeat(200)];
  const values = texts.flatMap((text, at) =>
    ring.keys.map((one) => sealField(one, place(`usr_${at}`), text)),
  );
  const corpus = values.map((value) => Buffer.from(value));
  return {
    name: 'sealed',
    run(random) {
      const value = mutated(random, corpus).toString('latin1');
      const at = pick(random, [0, 1, 2] as const);
      try {
        const text = openField((id) => ring.byId(id), place(`usr_${at}`), value);
        if (text !== texts[at] || !values.includes(value)) throw new Error(`usr_${at} opens as ${text}`);
      } catch (error) {
        if (!(error instanceof StoreError && stated.has(error.code))) throw error;
      }
    },
  };
}

/** A ring: one active key of those that are there, or `bad_key_ring`. */
export function rings(): FuzzTarget {
  const corpus = [lines.join('\n'), `# ours\n\n${lines[0]}\n`, lines.slice(1, 3).join('\r\n')].map((text) =>
    Buffer.from(text),
  );
  return {
    name: 'rings',
    run(random) {
      let ring: ReturnType<typeof parseKeyRing>;
      try {
        ring = parseKeyRing(mutated(random, corpus).toString('latin1'), 'ring');
      } catch (error) {
        if (error instanceof StoreError && error.code === 'bad_key_ring') return;
        throw error;
      }
      const active = ring.keys.filter(({ state }) => state === 'active');
      if (active.length !== 1 || ring.current() !== active[0]) throw new Error(`${active.length} keys seal`);
      if (ring.keys.some(({ bytes }) => bytes.length !== 32)) throw new Error('a key has no 32 bytes');
    },
  };
}
