import { expect, test } from 'vitest';
import type { Cluster, OwnClaim } from '../cluster/index.ts';
import { noCoordination } from '../cluster/testing/no-coordination.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { coordinator } from './coordinator.ts';
import { leaseAnswerMsMax } from './limits.ts';
import type { CoordinatorAnswer } from './ports/coordinator-store.ts';

class Failed extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const granted = (epoch: number): CoordinatorAnswer => {
  return { granted: true, epoch, databaseNowMs: 0, expiresAtMs: 4_000 };
};
const refused: CoordinatorAnswer = {
  granted: false,
  holder: 'core_2',
  epoch: 8,
  databaseNowMs: 0,
  expiresAtMs: 4_000,
};

/** `answers`: what the store says to a question; a promise that never settles is a store that hangs. */
function scene(answer: () => CoordinatorAnswer | Promise<CoordinatorAnswer>) {
  const machine = manualClock();
  let sleptMs = 0;
  const clock = { ...machine, monotonicMs: () => machine.monotonicMs() + sleptMs };
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const told: string[] = [];
  let claim: OwnClaim | null = null;
  let changed = () => {};
  const { coordination } = noCoordination(() => ['core_1']);
  const cluster = {
    node: 'core_1',
    boot: 1,
    coordination: {
      ...coordination,
      claim: (_ref: unknown, own: OwnClaim) => {
        claim = own;
        told.push(`claim ${own.epoch}`);
      },
      resign: () => void told.push('resign'),
      watch: (onChange: () => void) => {
        changed = onChange;
      },
    },
  } as unknown as Cluster;
  let questions = 0;
  const ref = actors.spawn(
    coordinator({
      cluster,
      coordinator: {
        take: async () => {
          questions += 1;
          return await answer();
        },
        release: async (_node, _boot, epoch) => void told.push(`release ${epoch}`),
      },
    }),
  );
  const standing = () => claim?.standing();
  const sleep = (ms: number) => {
    sleptMs += ms;
  };
  return { clock, actors, ref, told, standing, sleep, changed: () => changed(), questions: () => questions };
}

test('it claims what it is granted, and gives it back before it resigns when its core drains', async () => {
  const { clock, actors, ref, told, standing } = scene(() => granted(7));
  await clock.advance(10);
  expect([told, standing()]).toEqual([['claim 7'], 'held']);
  actors.exit(ref, 'shutdown');
  await clock.advance(10);
  expect(told).toEqual(['claim 7', 'release 7', 'resign']);
});

test('a process that did not run is in doubt at once, whatever its question that was under way comes to', async () => {
  let answer: () => CoordinatorAnswer | Promise<CoordinatorAnswer> = () => granted(7);
  let fail: (error: Error) => void = () => {};
  const { clock, told, standing, sleep } = scene(() => answer());
  await clock.advance(10);
  answer = () => new Promise((_resolve, reject) => (fail = reject));
  await clock.advance(1_100);
  // Time goes on without a timer being served, as for a process that is stopped.
  sleep(leaseAnswerMsMax + 2_000);
  expect(standing()).toBe('doubtful');
  answer = () => refused;
  fail(new Failed('store_unavailable'));
  await clock.advance(0);
  expect(standing()).toBe('doubtful');
  await clock.advance(2_500);
  expect(told).toEqual(['claim 7', 'resign']);
});

test('while the store is away the claim is kept without the right to act, and it is held again when the store is back', async () => {
  let away = false;
  const { clock, told, standing } = scene(() => {
    if (away) throw new Failed('store_unavailable');
    return granted(7);
  });
  await clock.advance(10);
  away = true;
  await clock.advance(6_000);
  expect([told, standing()]).toEqual([['claim 7'], 'kept']);
  away = false;
  await clock.advance(1_500);
  expect([told, standing()]).toEqual([['claim 7'], 'held']);
});

test('a store that hangs is away too', async () => {
  let answer: () => CoordinatorAnswer | Promise<CoordinatorAnswer> = () => granted(7);
  const { clock, told, standing } = scene(() => answer());
  await clock.advance(10);
  answer = () => new Promise(() => {});
  await clock.advance(20_000);
  expect([told, standing()]).toEqual([['claim 7'], 'kept']);
  answer = () => granted(7);
  await clock.advance(3_500);
  expect(standing()).toBe('held');
});

test('a core without a session asks again soon, and claims nothing', async () => {
  let lost = true;
  const { clock, told } = scene(() => {
    if (lost) throw new Failed('session_lost');
    return granted(7);
  });
  await clock.advance(500);
  expect(told).toEqual([]);
  lost = false;
  await clock.advance(200);
  expect(told).toEqual(['claim 7']);
});

test('a claim that goes is asked after at once, but one question at a time', async () => {
  let answer: () => CoordinatorAnswer | Promise<CoordinatorAnswer> = () => refused;
  const { clock, changed, questions } = scene(() => answer());
  await clock.advance(10);
  answer = () => new Promise(() => {});
  for (let n = 0; n < 5; n++) changed();
  await clock.advance(10);
  expect(questions()).toBe(2);
});
