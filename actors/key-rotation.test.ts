import { expect, test } from 'vitest';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { keyRotation } from './key-rotation.ts';
import { rotationLookMs } from './limits.ts';
import type { RotationTurn } from './ports/key-rotation.ts';

interface Asked {
  epoch: number;
  isStill: () => boolean;
  end: (turn: RotationTurn | null) => void;
  fail: (error: Error) => void;
}

function world() {
  const clock = manualClock();
  const logged: string[] = [];
  const system = new ActorSystem({ clock, log: (level, text) => logged.push(`${level} ${text}`) });
  const asked: Asked[] = [];
  const coordinates = { epoch: null as number | null };
  const runDue = (epoch: number, isStill: () => boolean) =>
    new Promise<RotationTurn | null>((end, fail) => asked.push({ epoch, isStill, end, fail }));
  const coordination = { mine: () => coordinates.epoch } as never;
  system.spawn(keyRotation({ cluster: { coordination }, rotation: { runDue } }));
  const pass = async () => {
    clock.advance(rotationLookMs);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  };
  return { asked, coordinates, pass, logged };
}

const turn = { key: 'k2', resealed: 5, unreadable: 0, error: null, done: false };
const warning = 'warn what is sealed could not all be sealed anew';

test('only the core that coordinates goes through the rows, under its epoch, one turn at a time', async () => {
  const { asked, coordinates, pass } = world();
  await pass();
  expect(asked).toEqual([]);
  coordinates.epoch = 7;
  await pass();
  await pass();
  expect(asked.map(({ epoch }) => epoch)).toEqual([7]);
  expect(asked[0]!.isStill()).toBe(true);
  coordinates.epoch = 8;
  expect(asked[0]!.isStill()).toBe(false);
  asked[0]!.end(null);
  await pass();
  await pass();
  expect(asked.map(({ epoch }) => epoch)).toEqual([7, 8]);
});

test('a failure is logged once for as long as it lasts, and what was done is logged', async () => {
  const { asked, coordinates, pass, logged } = world();
  coordinates.epoch = 7;
  for (let at = 0; at < 3; at += 1) {
    await pass();
    asked[at]!.fail(new Error('no ring'));
    await pass();
  }
  expect(logged).toEqual([warning]);
  asked[3]!.end(turn);
  await pass();
  asked[4]!.end({ ...turn, resealed: 0, unreadable: 1, error: 'users.email_sealed of usr_1' });
  await pass();
  await pass();
  expect(logged).toEqual([warning, 'info rows were sealed anew', warning]);
});
