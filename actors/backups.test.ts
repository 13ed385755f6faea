import { expect, test } from 'vitest';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { backups } from './backups.ts';
import { backupLookMs } from './limits.ts';
import type { BackupOutcome } from './ports/backup-runner.ts';

function world() {
  const clock = manualClock();
  const logged: { level: string; text: string }[] = [];
  const system = new ActorSystem({ clock, log: (level, text) => logged.push({ level, text }) });
  const asked: { epoch: number; isStill: () => boolean; end: (outcome: BackupOutcome | null) => void }[] = [];
  const coordinates = { epoch: null as number | null };
  const runDue = (epoch: number, isStill: () => boolean) =>
    new Promise<BackupOutcome | null>((end) => asked.push({ epoch, isStill, end }));
  const coordination = { mine: () => coordinates.epoch } as never;
  const ref = system.spawn(backups({ cluster: { coordination }, backups: { runDue } }));
  const pass = async () => {
    clock.advance(backupLookMs);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  };
  return { asked, coordinates, pass, logged, system, ref };
}

test('only the core that coordinates asks, under its epoch, and one run at a time', async () => {
  const { asked, coordinates, pass } = world();
  await pass();
  expect(asked).toEqual([]);
  coordinates.epoch = 7;
  await pass();
  expect(asked.map(({ epoch }) => epoch)).toEqual([7]);
  await pass();
  expect(asked).toHaveLength(1);
  asked[0]!.end(null);
  await pass();
  await pass();
  expect(asked).toHaveLength(2);
});

test('a run is told when its core coordinates no more, and how it went is logged', async () => {
  const { asked, coordinates, pass, logged } = world();
  coordinates.epoch = 7;
  await pass();
  expect(asked[0]!.isStill()).toBe(true);
  coordinates.epoch = 8;
  expect(asked[0]!.isStill()).toBe(false);
  asked[0]!.end({ copied: 1, failed: 1, removed: 0, error: 'acme: planted' });
  await pass();
  expect(logged).toContainEqual({ level: 'error', text: 'the daily backup has ended' });
});
