/** What holds for all sightings: order, batches and repetition change nothing, and what merged can be taken apart. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { divisionOf } from './by-lines.ts';
import { loadReconcileLines, type ReconcileLines } from './engine.ts';
import { devicesOf, isSameDivision, outcomeOf } from './outcome.ts';
import { deliveries, untidyLines } from './untidy-lines.ts';

let reconcile: ReconcileLines;
beforeAll(async () => {
  reconcile = await loadReconcileLines();
});

const runs = { numRuns: 300 };
const delivered = untidyLines.chain((lines) => fc.tuple(fc.constant(lines), deliveries(lines.length)));

/** What is known at the end of the device of each line, its id aside; null for a line that belongs to none. */
function knownOf(lines: readonly string[], order: readonly number[], batch: number) {
  const given = order.map((at) => lines[at]!);
  const outcome = outcomeOf(reconcile, [...given, ...lines], batch);
  const numbers = lines.map((_, at) => given.length + at + 1);
  return devicesOf(outcome, numbers).map((id) => {
    const found = outcome.state.devices.find((row) => row.id === id);
    return found === undefined ? null : { ...found, id: null, sources: [...found.sources].sort() };
  });
}

describe('the grouping of any sightings', () => {
  it('is the same in any order and any batches', () => {
    fc.assert(
      fc.property(delivered, ([lines, { order, batch }]) => {
        const asTheyAre = lines.map((_, at) => at);
        const inOne = divisionOf(reconcile, lines, asTheyAre, lines.length * 2);
        const otherwise = divisionOf(reconcile, lines, order, batch);
        if (!isSameDivision(inOne, otherwise)) expect(otherwise).toEqual(inOne);
      }),
      runs,
    );
  });
  it('comes with the same knowledge of each device, whatever came first', () => {
    fc.assert(
      fc.property(delivered, ([lines, { order, batch }]) => {
        const asTheyAre = lines.map((_, at) => at);
        const inOne = knownOf(lines, asTheyAre, lines.length * 2);
        expect(knownOf(lines, order, batch)).toEqual(inOne);
      }),
      runs,
    );
  });
  it('is the same when some come twice', () => {
    fc.assert(
      fc.property(delivered, fc.integer({ min: 1, max: 12 }), ([lines, { order, batch }], again) => {
        const once = divisionOf(reconcile, lines, order, batch);
        const twice = divisionOf(reconcile, lines, [...order, ...order.slice(0, again)], batch);
        if (!isSameDivision(once, twice)) expect(twice).toEqual(once);
      }),
      runs,
    );
  });
  it('is the same in one batch as it was answered for it, and once more leaves the state as it was', () => {
    fc.assert(
      fc.property(untidyLines, (lines) => {
        const once = outcomeOf(reconcile, lines);
        const twice = outcomeOf(reconcile, [...lines, ...lines], lines.length);
        const numbers = lines.map((_, at) => at + 1);
        expect(
          devicesOf(
            twice,
            numbers.map((line) => line + lines.length),
          ),
        ).toEqual(devicesOf(once, numbers));
        expect(twice.state).toEqual(once.state);
      }),
      runs,
    );
  });
  it('never has lines of two partitions in one device', () => {
    fc.assert(
      fc.property(delivered, ([lines, { order, batch }]) => {
        const partitionOf = new Map<string, string>();
        for (const [at, id] of divisionOf(reconcile, lines, order, batch).entries()) {
          if (id === null || JSON.parse(lines[at]!).device_id !== undefined) continue;
          const partition = JSON.parse(lines[at]!).partition ?? 'default';
          expect(partitionOf.get(id) ?? partition).toBe(partition);
          partitionOf.set(id, partition);
        }
      }),
      runs,
    );
  });
  it('never has two values of a kind in one device, serials aside', () => {
    fc.assert(
      fc.property(delivered, ([lines, { order, batch }]) => {
        // Who asserts an identity may assert it of two devices.
        fc.pre(!lines.some((line) => line.includes('"sr:')));
        const heldBy = new Map<string, string>();
        for (const [at, id] of divisionOf(reconcile, lines, order, batch).entries()) {
          const { metadata, source, agent_id, device_id } = JSON.parse(lines[at]!);
          if (id === null || device_id !== undefined) continue;
          const kinds = {
            agent: source === 'agent' ? agent_id : undefined,
            armis: metadata.armis_device_id,
            netbox: metadata.netbox_device_id,
            [`integration ${metadata.integration_type}`]: metadata.integration_id,
          };
          for (const [kind, value] of Object.entries(kinds)) {
            if (value === undefined) continue;
            expect(heldBy.get(`${id} ${kind}`) ?? value, kind).toBe(value);
            heldBy.set(`${id} ${kind}`, value);
          }
        }
      }),
      runs,
    );
  });
  it('has a written reason and evidence for every merge', () => {
    fc.assert(
      fc.property(untidyLines, (lines) => {
        for (const { from, to, reason, evidence } of outcomeOf(reconcile, lines, 1).state.merges) {
          expect(from).not.toBe(to);
          expect(reason).toMatch(/^[a-z_]+$/);
          expect(JSON.stringify(evidence ?? '').length).toBeGreaterThan(2);
        }
      }),
      runs,
    );
  });
});

const instant = (hour: number) =>
  new Date(Date.parse('2026-01-05T00:00:00.000Z') + hour * 3_600_000).toISOString();
const fields = fc.record({
  ip: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
  hour: fc.integer({ min: 0, max: 40 }),
  is_available: fc.boolean(),
});

describe('an unmerge', () => {
  it('is the identity after a merge: the devices and what belongs to them are as they were', () => {
    const seen = fc.array(fc.tuple(fields, fc.boolean()), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(seen, (sightings) => {
        fc.pre(sightings.some(([, isLeft]) => isLeft) && sightings.some(([, isLeft]) => !isLeft));
        const lines = sightings.map(([{ hour, ...plain }, isLeft]) =>
          JSON.stringify({
            ...plain,
            timestamp: instant(hour),
            source: isLeft ? 'armis' : 'netbox',
            metadata: isLeft ? { armis_device_id: '1' } : { netbox_device_id: '1' },
          }),
        );
        const tie = {
          source: 'integration',
          timestamp: instant(50),
          metadata: { armis_device_id: '1', netbox_device_id: '1' },
        };
        const before = outcomeOf(reconcile, lines, 1);
        const merged = outcomeOf(reconcile, [...lines, JSON.stringify(tie)], 1);
        expect(merged.state.devices).toHaveLength(1);
        const { from } = merged.state.merges.at(-1)!;
        const undo = JSON.stringify({ op: 'unmerge', device_id: from });
        const after = outcomeOf(reconcile, [...lines, JSON.stringify(tie), undo, ...lines], 1);
        const numbers = lines.map((_, at) => at + 1);
        expect(
          devicesOf(
            after,
            numbers.map((line) => line + lines.length + 2),
          ),
        ).toEqual(devicesOf(before, numbers));
        const ids = (devices: readonly { id: string }[]) => devices.map(({ id }) => id).sort();
        expect(ids(after.state.devices)).toEqual(ids(before.state.devices));
        const [was, is] = [before, after].map(({ state }) => state.devices.find(({ id }) => id === from)!);
        expect(is).toMatchObject({ partition: was!.partition, first_seen: was!.first_seen, deleted: false });
      }),
      { numRuns: 100 },
    );
  });
});
