import { afterEach, expect, test } from 'vitest';
import { Ref } from '../runtime/index.ts';
import { type EchoProtocol, endAll, evilName, scene, tenantA, tenantB } from './testing/tenant-scene.ts';

afterEach(endAll);

test('only doors of its tenant can be called, cast to, monitored, linked or ended', async () => {
  const { evil, core, door, others, refused, touched } = await scene();
  const before = await touched();
  const targets = [...Object.values(others).map(({ id }) => id), 99_999, 0];
  for (const toId of targets) {
    const header = { toBoot: core.boot, toId, fromId: 3 };
    evil.routed('cast', header, ['note', [1]]);
    evil.routed('call', { ...header, callId: toId }, ['echo', [1]]);
    evil.routed('monitor', header, [5]);
    evil.routed('demonitor', header, [5]);
    evil.routed('link', header, []);
    evil.routed('unlink', header, []);
    evil.routed('down', header, [5, 'crash', null]);
    evil.routed('exit', header, ['kill', null, false, 77]);
    evil.routed('exit', header, ['crash', null, true, 77]);
  }
  for (const toBoot of [core.boot - 1, core.boot + 1]) {
    evil.routed('cast', { toBoot, toId: door.id }, ['note', [1]]);
  }
  expect(await refused()).toEqual({ target: targets.length * 9 + 2 });
  expect(await touched()).toEqual(before);
  // Those that are there and those that are not are answered alike.
  const answers = evil.routedOf('reply_error').map((frame) => evil.decoded(frame) as { code: string });
  expect(answers.map(({ code }) => code)).toEqual(targets.map(() => 'no_actor'));
  expect(evil.routedOf('down')).toHaveLength(targets.length);
});

test('refs that it forges are refused with the payload around them', async () => {
  const { evil, core, door, others, refused } = await scene();
  const forged = [
    ...Object.values(others),
    ...Array.from({ length: 20 }, (_, at) => new Ref('core_1', core.boot, 1_000 + at)),
    new Ref('core_1', core.boot - 1, door.id),
    new Ref('core_2', 1, 1),
    new Ref(evilName, 76, 1),
    new Ref(`${tenantB}.x`, 1, 1),
  ];
  for (const ref of forged)
    evil.routed('cast', { toBoot: core.boot, toId: door.id }, ['note', [{ deep: [ref] }]]);
  expect(await refused()).toEqual({ ref: forged.length });
  const before = await core.system.call(door).touched();
  for (const ref of [door, new Ref(evilName, 77, 9), new Ref(`${tenantA}.other`, 1, 9)])
    evil.routed('cast', { toBoot: core.boot, toId: door.id }, ['note', [ref]]);
  expect(await refused()).toEqual({ ref: forged.length });
  expect(await core.system.call(door).touched()).toBe(before + 4);
});

test('a ref that is sent to it may be written to, and not ended', async () => {
  const { evil, core, others, refused } = await scene();
  const theirs = new Ref(evilName, 77, 1) as Ref<EchoProtocol>;
  const given = others.nameless;
  core.system.cast(theirs).note(given);
  await evil.until(() => evil.routedOf('cast').length > 0);
  const header = { toBoot: core.boot, toId: given.id, fromId: 3 };
  evil.routed('cast', header, ['note', [1]]);
  expect(await refused()).toEqual({});
  expect(await core.system.call(given).touched()).toBe(1);
  evil.routed('exit', header, ['kill', null, false, 77]);
  evil.routed('link', header, []);
  expect(await refused()).toEqual({ target: 2 });
  expect(await core.system.call(given).touched()).toBe(1);
  // A ref of another tenant’s actor does not leave.
  expect(() => core.system.cast(theirs).note(others.ofB)).toThrowError(/cannot_encode: .* is not for tenant/);
});
