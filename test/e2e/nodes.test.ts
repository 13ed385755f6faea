/** Real processes that are killed, stopped, starved and restarted in turn under calls: deaths are told, and only deaths. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fleet } from '../soak/fleet.ts';
import { downsSince, saidSince } from '../soak/fleet-judge.ts';
import { pause } from './picket.ts';

const program = fileURLToPath(new URL('../../dist/test/soak/fleet-node.js', import.meta.url));
const storyMs = 240_000;
const seenMs = 60_000;
const starvedMs = 6_000;
const nodes = Array.from({ length: 5 }, (_, n) => `core_${n + 1}`);
const children = Array.from({ length: 100 }, (_, n) => `child ${n}`);
const own = (name: string) => Array.from({ length: 40 }, (_, n) => `of ${name} ${n}`);
const without = (name: string) => ids.filter((id) => !id.startsWith(`of ${name} `));
const ids = [...nodes.flatMap(own), ...children];

let fleet: Fleet;

beforeEach(async () => {
  fleet = await Fleet.open(program, nodes);
  await Promise.all(nodes.map((name) => fleet.ask(name, { type: 'take', ids: own(name) }, 'done')));
  await fleet.ask('core_1', { type: 'start_children', ids: children }, 'done');
  await fleet.exact(ids);
  await fleet.load(ids, 1);
});
afterEach(async () => {
  await fleet?.close();
});

const whole = () => fleet.sightsUntil('all to be up', seenMs, (sights) => fleet.isWhole(sights));
/** Whom each of these has called down. */
async function downs(of: readonly string[] = nodes) {
  const told = downsSince(await fleet.sights(of), 0);
  return [...new Set(told.map((one) => `${one.by}: ${one.of}`))].sort();
}
const allCall = (dead: string) => fleet.others(dead).map((name) => `${name}: ${dead}`);

test('one of five that is killed is called down by all, its children run on the others, and it comes back with its names', {
  timeout: storyMs,
}, async () => {
  const others = fleet.others('core_5');
  await fleet.kill('core_5');
  await fleet.exact(without('core_5'), others);
  expect(await downs(others)).toEqual(allCall('core_5'));
  await fleet.startAgain('core_5');
  await fleet.ask('core_5', { type: 'take', ids: own('core_5') }, 'done');
  await whole();
  await fleet.exact(ids);
  expect(await downs(others)).toEqual(allCall('core_5'));
});

test('one that is stopped for 4 s is called down by nobody, and one that is stopped for 8 s by all, and is back with its names', {
  timeout: storyMs,
}, async () => {
  fleet.signal('core_2', 'SIGSTOP');
  await pause(4_000);
  fleet.signal('core_2', 'SIGCONT');
  await whole();
  await fleet.exact(ids);
  expect(await downs()).toEqual([]);

  const others = fleet.others('core_2');
  fleet.signal('core_2', 'SIGSTOP');
  await pause(8_000);
  expect(await downs(others)).toEqual(allCall('core_2'));
  await fleet.exact(without('core_2'), others);
  fleet.signal('core_2', 'SIGCONT');
  await whole();
  const sights = await fleet.exact(ids);
  // It accused nobody, and ended by itself what others ran by then.
  expect(await downs()).toEqual(allCall('core_2'));
  const ended = [...sights.values()].flatMap(({ lives }) => lives.filter(({ toMs }) => toMs !== null));
  const reasons = new Set(ended.map(({ reason }) => reason));
  expect(reasons).toContain('paused');
  expect(reasons).not.toContain('name_conflict');
});

test('nodes that are starved of processors call nobody down', { timeout: storyMs }, async () => {
  const before = Date.now();
  fleet.starve(16);
  await pause(starvedMs);
  await fleet.feed();
  await whole();
  const sights = await fleet.exact(ids);
  expect(await downs()).toEqual([]);
  for (const sight of sights.values()) expect(saidSince(sight, 'the network is split', before)).toEqual([]);
});

test('all that leave and come back in turn are called down by nobody, and no call fails that is tried once more', {
  timeout: storyMs,
}, async () => {
  for (const name of nodes) {
    expect(await fleet.leave(name)).toBe(0);
    await fleet.startAgain(name);
    await fleet.ask(name, { type: 'take', ids: own(name) }, 'done');
    await fleet.load(ids, 1, [name]);
    await whole();
    await fleet.exact(ids);
  }
  // The last that came back calls, too.
  await fleet.sightsUntil('calls of all', seenMs, (seen) =>
    [...seen.values()].some(({ calls }) => calls.made === 0) ? 'some have made none' : null,
  );
  await fleet.load([], 0);
  const sights = await fleet.sightsUntil('the end of all calls', seenMs, (seen) =>
    [...seen.values()].some(({ calls }) => calls.pending > 0) ? 'some wait' : null,
  );
  for (const { calls } of sights.values()) {
    expect(calls.made).toBeGreaterThan(0);
    expect(calls.lost).toEqual([]);
    expect(calls.failed.wrong_actor).toBe(undefined);
  }
  expect(await downs()).toEqual([]);
});
