import { expect, test } from 'vitest';
import { deviceEvents, deviceLife, deviceStates, firstDeviceState, isArchived } from './device-lifecycle.ts';

test('a device goes exactly the ways that are drawn for it', () => {
  const ways = deviceStates.flatMap((state) =>
    deviceEvents.flatMap((event) => {
      const step = deviceLife.next(state, event);
      return 'to' in step ? [`${event}: ${state} -> ${step.to}`] : [];
    }),
  );
  expect(ways.sort()).toEqual([
    'decommission: discovered -> decommissioned',
    'decommission: identified -> decommissioned',
    'decommission: managed -> decommissioned',
    'identify: discovered -> identified',
    'manage: identified -> managed',
    'restore: decommissioned -> identified',
  ]);
});

test.each(deviceStates)('what is refused of a device that is %s names every event that is not', (state) => {
  const allowed = deviceLife.allowed(state);
  for (const event of deviceEvents) {
    const step = deviceLife.next(state, event);
    if (allowed.includes(event)) expect(step).toHaveProperty('to');
    else expect(step).toEqual({ refused: 'bad_transition', allowed });
  }
});

test('every state is reached from the first, and only the end of a life is archived', () => {
  const reached = new Set([firstDeviceState]);
  for (const state of reached) {
    for (const event of deviceLife.allowed(state)) {
      const step = deviceLife.next(state, event);
      if ('to' in step) reached.add(step.to);
    }
  }
  expect([...reached].sort()).toEqual([...deviceStates].sort());
  expect(deviceStates.filter(isArchived)).toEqual(['decommissioned']);
});
