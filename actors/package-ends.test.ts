import { expect, test } from 'vitest';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { packageEndsLookMs } from './limits.ts';
import { packageEnds } from './package-ends.ts';
import type { Package } from './ports/package-store.ts';

type Ended = { tenantId: string; package: Package }[];

function world() {
  const clock = manualClock();
  const logged: string[] = [];
  const system = new ActorSystem({ clock, log: (level, text) => logged.push(`${level} ${text}`) });
  const coordinates = { epoch: null as number | null };
  const asked: { end(rows: Ended): void; fail(error: Error): void }[] = [];
  const told: string[] = [];
  const expireDue = () => new Promise<Ended>((end, fail) => asked.push({ end, fail }));
  const coordination = { mine: () => coordinates.epoch } as never;
  const ended = (tenantId: string, { id }: Package) => told.push(`${tenantId} ${id}`);
  system.spawn(packageEnds({ cluster: { coordination }, packages: { expireDue }, ended }));
  const pass = async () => {
    clock.advance(packageEndsLookMs);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  };
  return { asked, coordinates, pass, logged, told };
}

test('the core that coordinates ends packages within a minute of their time, one turn at a time, and tells of each', async () => {
  const { asked, coordinates, pass, told } = world();
  await pass();
  expect(asked).toHaveLength(0);
  coordinates.epoch = 7;
  await pass();
  await pass();
  expect(asked).toHaveLength(1);
  asked[0]!.end([{ tenantId: 'k7mzq2wn5xjd', package: { id: 'pkg_a' } as Package }]);
  await pass();
  await pass();
  expect(told).toEqual(['k7mzq2wn5xjd pkg_a']);
  expect(asked).toHaveLength(2);
  expect(2 * packageEndsLookMs).toBeLessThanOrEqual(60_000);
});

test('a failure is logged once for as long as it lasts, and the next turn comes all the same', async () => {
  const { asked, coordinates, pass, logged } = world();
  coordinates.epoch = 7;
  for (let at = 0; at < 3; at += 1) {
    await pass();
    asked[at]!.fail(new Error('away'));
    await pass();
  }
  expect(logged).toEqual(['warn packages could not be ended']);
});
