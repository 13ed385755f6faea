import { expect, test } from 'vitest';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { session } from './session.ts';

const lifeMs = 4_000;

/** A session over a database whose clock runs with the test's, and which is away while the test says so. */
function stage() {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const store = { isAway: false };
  const told: string[] = [];
  const databaseNowMs = () => clock.monotonicMs() + 7_000_000;
  actors.spawn(
    session({
      node: 'core_1',
      boot: 1,
      leases: {
        renewSession: async () => {
          if (store.isAway) throw new Error('away');
          return { databaseNowMs: databaseNowMs(), expiresAtMs: databaseNowMs() + lifeMs };
        },
        endSession: async () => {},
        acquire: () => Promise.reject(new Error('none')),
        release: async () => {},
      },
      onChange: (usable) => void told.push(usable ? 'usable' : 'unusable'),
      onLapse: () => void told.push('lapsed'),
    }),
  );
  return { clock, store, told };
}

test('a session that is renewed in time has not lapsed, also when some renewals failed', async () => {
  const { clock, store, told } = stage();
  await clock.advance(5_000);
  store.isAway = true;
  await clock.advance(2_500);
  store.isAway = false;
  await clock.advance(5_000);
  expect(told).toEqual(['usable']);
});

test('a session that is renewed after its end says so, once', async () => {
  const { clock, store, told } = stage();
  await clock.advance(2_000);
  store.isAway = true;
  await clock.advance(lifeMs + 1_000);
  expect(told).toEqual(['usable']);
  store.isAway = false;
  await clock.advance(10_000);
  expect(told).toEqual(['usable', 'lapsed']);
});
