import { expect, test } from 'vitest';
import { reconcileLines } from './reconcile-lines.ts';

const id = 'serviceradar:gateway:g1';
const seen = { device_id: id, ip: '10.0.0.1', is_available: true, timestamp: '2026-01-01T10:00:00Z' };
const gone = { device_id: id, timestamp: '2026-01-01T11:00:00Z', metadata: { _deleted: 'true' } };
const told = (...updates: object[]) =>
  reconcileLines(updates.map((one) => JSON.stringify(one))).map((line) => JSON.parse(line) as unknown);
const stateIn = (lines: readonly unknown[]) =>
  (lines.at(-1) as { devices: { deleted: boolean; is_available: boolean }[] }).devices.map(
    ({ deleted, is_available }) => [deleted, is_available],
  );

test('a service component that is retracted by its id is deleted softly, whatever the order', () => {
  for (const lines of [told(seen, gone), told(gone, seen)]) {
    expect(lines).toContainEqual(expect.objectContaining({ device_id: id, action: 'deleted' }));
    expect(stateIn(lines)).toEqual([[true, false]]);
  }
});

test('what was seen since brings it back, and a retraction of before says nothing', () => {
  const again = { ...seen, timestamp: '2026-01-01T12:00:00Z' };
  expect(stateIn(told(seen, gone, again))).toEqual([[false, true]]);
  expect(told(again, gone)).toContainEqual(expect.objectContaining({ reason: 'seen_since' }));
});

test('one that is unknown is told as unknown', () => {
  expect(told(gone)[0]).toMatchObject({ action: 'dropped', reason: 'unknown_device' });
});
