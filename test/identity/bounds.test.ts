/** Lines that are too large to be kept whole: what identifies is read before anything is cut. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadReconcileLines, type ReconcileLines } from './engine.ts';
import { devicesOf, outcomeOf } from './outcome.ts';

let reconcile: ReconcileLines;
beforeAll(async () => {
  reconcile = await loadReconcileLines();
});

let hour = 0;
function line(metadata: Record<string, string>): string {
  hour += 1;
  const timestamp = new Date(Date.parse('2026-01-05T00:00:00.000Z') + hour * 3_600_000).toISOString();
  return JSON.stringify({ ip: `10.0.0.${hour}`, source: 'integration', timestamp, metadata });
}

function divided(...lines: string[]): (string | null)[] {
  return devicesOf(
    outcomeOf(reconcile, lines),
    lines.map((_, at) => at + 1),
  );
}

describe('metadata that are too large', () => {
  const much = (values: number, bytes: number) =>
    Object.fromEntries(Array.from({ length: values }, (_, n) => [`a${n}`, 'x'.repeat(bytes)]));

  it('identify all the same when one value is over 64 KiB', () => {
    const [left, right, other] = divided(
      line({ ...much(1, 100_000), armis_device_id: '1' }),
      line({ armis_device_id: '1' }),
      line({ ...much(1, 100_000), armis_device_id: '2' }),
    );
    expect(left).toEqual(expect.any(String));
    expect(right).toBe(left);
    expect(other).not.toBe(left);
  });
  it('identify all the same when they are over 512 KiB together', () => {
    const [left, right] = divided(
      line({ ...much(20, 60_000), serial: 'S1', integration_type: 'intune', integration_id: '7' }),
      line({ ...much(20, 60_000), integration_id: '7', integration_type: 'intune' }),
    );
    expect(left).toEqual(expect.any(String));
    expect(right).toBe(left);
  });
  it('keep identifiers whole: two that differ at their end are two', () => {
    const long = 'x'.repeat(70_000);
    const [left, other, right] = divided(
      line({ armis_device_id: `${long}1` }),
      line({ armis_device_id: `${long}2` }),
      line({ armis_device_id: `${long}1` }),
    );
    expect(right).toBe(left);
    expect(other).not.toBe(left);
  });
});
