/** Holds an outcome against what a case expects of it. What a case does not mention is not judged. */
import { expect } from 'vitest';
import type { Expected } from './cases.ts';
import { type DeviceRow, devicesOf, type Outcome } from './outcome.ts';

export function judge(outcome: Outcome, expected: Expected): void {
  judgeDivision(outcome, expected);
  judgeAnswers(outcome, expected);
  judgeState(outcome, expected);
}

/** All of it that must not depend on the order of the lines. `outcome` has an answer at each line's own number. */
export function judgeInAnyOrder(outcome: Outcome, expected: Expected): void {
  judgeDivision(outcome, expected);
  const { conflicts, rows = [] } = expected;
  if (typeof conflicts !== 'number') for (const row of conflicts ?? []) judgeConflict(outcome, row);
  for (const { id, ...row } of rows) if (row.line !== undefined) judgeRow(outcome, row);
}

function judgeDivision(outcome: Outcome, { same = [], apart = [], devices, sightings }: Expected): void {
  const { state } = outcome;
  for (const lines of same) {
    const found = devicesOf(outcome, lines);
    expect(found, `lines ${lines} are of one device`).toEqual(lines.map(() => found[0]));
    expect(found[0], `lines ${lines} have a device`).toEqual(expect.any(String));
  }
  for (const lines of apart) {
    const found = devicesOf(outcome, lines).filter((id) => id !== null);
    expect(new Set(found).size, `lines ${lines} are of different devices, not of ${found}`).toBe(
      found.length,
    );
  }
  if (devices !== undefined) expect(state.devices.map(({ id }) => id)).toHaveLength(devices);
  if (sightings !== undefined) expect(state.sightings).toHaveLength(sightings);
}

function judgeAnswers({ answers }: Outcome, expected: Expected): void {
  const { ids = {}, actions = {}, reasons = {}, says = {}, errors, lines } = expected;
  const of = (key: string) => answers.get(Number(key));
  for (const [line, id] of Object.entries(ids))
    expect(of(line)?.device_id, `device of line ${line}`).toBe(id);
  for (const [line, action] of Object.entries(actions))
    expect(of(line)?.action, `action of line ${line}`).toBe(action);
  for (const [line, reason] of Object.entries(reasons))
    expect(of(line)?.reason, `reason of line ${line}`).toBe(reason);
  for (const [line, pattern] of Object.entries(says))
    expect(JSON.stringify(of(line)), `answer to line ${line}`).toMatch(new RegExp(pattern));
  const failed = [...answers.values()].filter(({ error }) => error !== undefined).map(({ line }) => line);
  if (errors !== undefined) expect(failed).toEqual(errors);
  if (lines !== undefined) expect([...answers.keys()]).toEqual(lines);
}

function judgeState(outcome: Outcome, expected: Expected): void {
  const { state } = outcome;
  const { merges, mergesSome, conflicts, conflictsSome, sightingsSome, rows = [] } = expected;
  if (typeof merges === 'number') expect(state.merges).toHaveLength(merges);
  else
    for (const row of merges ?? [])
      expect(state.merges).toContainEqual(
        expect.objectContaining({ ...row, reason: row.reason ?? expect.any(String) }),
      );
  for (const { evidence, at } of state.merges) {
    expect(evidence, 'every merge has evidence').toBeTruthy();
    expect(Date.parse(at), 'every merge has a time').not.toBeNaN();
  }
  if (typeof conflicts === 'number') expect(state.conflicts).toHaveLength(conflicts);
  else for (const row of conflicts ?? []) judgeConflict(outcome, row);
  if (mergesSome) expect(state.merges).not.toHaveLength(0);
  if (conflictsSome) expect(state.conflicts).not.toHaveLength(0);
  if (sightingsSome) expect(state.sightings).not.toHaveLength(0);
  for (const row of rows) judgeRow(outcome, row);
  judgeIdentifiers(state.identifiers);
}

function judgeConflict(outcome: Outcome, { lines, ...fields }: Readonly<Record<string, unknown>>): void {
  const found = outcome.state.conflicts.find((row) => {
    const all = Object.entries(row);
    return Object.entries(fields).every(([key, value]) =>
      all.some(([name, is]) => name === key && is === value),
    );
  });
  expect(
    found,
    `a conflict ${JSON.stringify(fields)} among ${JSON.stringify(outcome.state.conflicts)}`,
  ).toBeDefined();
  const wanted = devicesOf(outcome, (lines ?? []) as number[]);
  expect(found!.devices).toEqual(expect.arrayContaining(wanted));
}

function judgeRow(outcome: Outcome, { line, ...fields }: Readonly<Record<string, unknown>>): void {
  const id = line === undefined ? fields.id : outcome.answers.get(line as number)?.device_id;
  const found = outcome.state.devices.find((row) => row.id === id);
  expect(found, `device ${id}`).toBeDefined();
  const plain = plainRow(found!);
  for (const [key, value] of Object.entries(fields)) expect(plain[key], `${key} of ${id}`).toEqual(value);
}

/** Instants and MACs may be written in several ways that mean the same; sources are a set. */
function plainRow(row: DeviceRow): Readonly<Record<string, unknown>> {
  return {
    ...row,
    mac: row.mac?.replace(/[:.-]/g, '').toUpperCase() ?? null,
    first_seen: new Date(row.first_seen).toISOString(),
    last_seen: new Date(row.last_seen).toISOString(),
    sources: [...row.sources].sort(),
  };
}

/** Unique on partition, type, scope and value; the tenant is one. */
function judgeIdentifiers(rows: readonly Readonly<Record<string, unknown>>[]): void {
  const keys = rows.map(({ partition, type, scope = '', value }) =>
    JSON.stringify([partition, type, scope ?? '', value]),
  );
  expect(keys.length, 'identifier rows are unique').toBe(new Set(keys).size);
}
