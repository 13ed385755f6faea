import fc from 'fast-check';
import { expect, test } from 'vitest';
import { statementRecord } from './statement-record.ts';

const asked = (text: string, tookMs: number, failed = false) =>
  ({ text, as: 'tenant', tenantId: 'abc', tookMs, failed }) as const;

test('counts, times and failures are kept by statement, the dearest first', () => {
  const record = statementRecord(10);
  record.note(asked('SELECT id FROM checks', 2));
  record.note(asked('SELECT id FROM checks', 4, true));
  record.note(asked('WITH x AS (SELECT 1) INSERT INTO telemetry.results SELECT 1', 100));
  const [first, second] = record.seen();
  expect(first!.name).toMatch(/^insert telemetry\.results [0-9a-f]{6}$/);
  expect(second).toMatchObject({ count: 2, failed: 1, totalMs: 6, maxMs: 4, tenantId: 'abc' });
  expect(second!.name).toMatch(/^select checks [0-9a-f]{6}$/);
});

test('a quantile is not below the true one and less than twice of it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.2, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (took) => {
        const record = statementRecord(1);
        for (const tookMs of took) record.note(asked('SELECT 1', tookMs));
        const sorted = [...took].sort((a, b) => a - b);
        const [seen] = record.seen();
        for (const [share, told] of [
          [0.5, seen!.p50Ms],
          [0.99, seen!.p99Ms],
        ] as const) {
          const exact = sorted[Math.ceil(took.length * share) - 1]!;
          expect(told).toBeGreaterThanOrEqual(exact);
          expect(told).toBeLessThan(2 * exact + Number.EPSILON);
        }
      },
    ),
  );
});

test('it never grows past its size, and forgets what cost least', () => {
  const record = statementRecord(5);
  for (let n = 0; n < 50; n += 1) record.note(asked(`SELECT ${n}`, n === 0 ? 1_000 : 1));
  expect(record.seen()).toHaveLength(5);
  expect(record.seen()[0]!.text).toBe('SELECT 0');
});
