/** What every CheckStore promises: all or none, order kept, schedule versions that begin and end on the database's clock. */
import { expect, test } from 'vitest';
import { phaseOf } from './scratch-database.ts';
import { newCheck, newTenant, type StoreSetup } from './store-setup.ts';

export function checkStoreContract(setupOf: () => StoreSetup): void {
  test('added checks are answered and listed as they were given, in that order, with schedule version 1', async () => {
    const tenantId = await newTenant(setupOf());
    const given = [
      {
        ...newCheck('web, "quoted" {x} \\ NULL'),
        kind: 'http' as const,
        port: null,
        settings: { body_contains: 'a"b\\c' },
      },
      newCheck('ssh', 5_000),
    ];
    const added = await setupOf().checks.add(tenantId, given);
    expect(
      added.map(({ name, kind, port, settings, intervalMs }) => ({ name, kind, port, settings, intervalMs })),
    ).toEqual(
      given.map(({ name, kind, port, settings, intervalMs }) => ({ name, kind, port, settings, intervalMs })),
    );
    for (const check of added) {
      expect(check.id).toMatch(/^chk_[a-z2-7]{16}$/);
      expect(check.schedule).toEqual([
        {
          version: 1,
          intervalMs: check.intervalMs,
          phaseMs: phaseOf(check.id, check.intervalMs),
          validFromMs: check.createdAtMs,
          validToMs: null,
        },
      ]);
    }
    expect(await setupOf().checks.list(tenantId, 0)).toEqual(added);
  });

  test('a thousand checks are added at once, each with its own id', async () => {
    const tenantId = await newTenant(setupOf());
    const given = Array.from({ length: 1_000 }, (_, i) => newCheck(`check ${i}`));
    const added = await setupOf().checks.add(tenantId, given);
    expect(new Set(added.map((check) => check.id)).size).toBe(1_000);
    expect((await setupOf().checks.list(tenantId, 0)).map((check) => check.name)).toEqual(
      given.map((check) => check.name),
    );
  });

  test('one check that cannot be stored keeps all of them out', async () => {
    const tenantId = await newTenant(setupOf());
    const bad = { ...newCheck('bad'), intervalMs: 0 };
    await expect(setupOf().checks.add(tenantId, [newCheck('good'), bad])).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(await setupOf().checks.list(tenantId, 0)).toEqual([]);
  });

  test('a removed check has its schedule ended and stays listed while that end is recent', async () => {
    const tenantId = await newTenant(setupOf());
    const [check] = await setupOf().checks.add(tenantId, [newCheck('gone'), newCheck('stays')]);
    const removed = await setupOf().checks.remove(tenantId, check!.id);
    const endMs = removed!.schedule[0]!.validToMs!;
    expect(removed).toMatchObject({ id: check!.id, archivedAtMs: endMs });
    expect(endMs).toBeGreaterThanOrEqual(check!.createdAtMs);
    expect(await setupOf().checks.list(tenantId, endMs - 1)).toHaveLength(2);
    expect((await setupOf().checks.list(tenantId, endMs)).map((each) => each.name)).toEqual(['stays']);
  });

  test('removing a check twice, or one that never was, answers null', async () => {
    const tenantId = await newTenant(setupOf());
    const [check] = await setupOf().checks.add(tenantId, [newCheck('gone')]);
    await setupOf().checks.remove(tenantId, check!.id);
    expect(await setupOf().checks.remove(tenantId, check!.id)).toBeNull();
    expect(await setupOf().checks.remove(tenantId, 'chk_nothing')).toBeNull();
  });

  test('a changed check is due by a new version from that moment on, in the phase of its interval', async () => {
    const tenantId = await newTenant(setupOf());
    const { checks } = setupOf();
    const [check] = await checks.add(tenantId, [newCheck('every second'), newCheck('stays')]);
    const { id } = check!;
    const edit = { intervalMs: 7_000, retries: 5, settings: { follow: 'a"b' } };
    const edited = await checks.edit(tenantId, id, edit, { by: 'tester', why: 'load' });
    const [first, second] = edited!.schedule;
    const beganMs = second!.validFromMs;
    expect(edited).toMatchObject({ ...check, ...edit, schedule: expect.anything() });
    expect(edited!.schedule).toEqual([
      { ...check!.schedule[0], validToMs: beganMs },
      { version: 2, intervalMs: 7_000, phaseMs: phaseOf(id, 7_000), validFromMs: beganMs, validToMs: null },
    ]);
    expect(beganMs).toBeGreaterThanOrEqual(first!.validFromMs);
    const renamed = await checks.edit(tenantId, id, { name: 'renamed', target: '192.0.2.9', port: 81 });
    expect(renamed).toMatchObject({ ...edit, name: 'renamed', target: '192.0.2.9', port: 81 });
    const third = renamed!.schedule[2]!;
    expect(third).toEqual({ ...second, version: 3, validFromMs: third.validFromMs });
    expect((await checks.list(tenantId, 0)).map(({ name }) => name)).toEqual(['renamed', 'stays']);
    expect((await checks.list(tenantId, 0))[0]).toEqual(renamed);
    const ended = await checks.remove(tenantId, id);
    const back = await checks.restore(tenantId, id, { keptMs: 86_400_000 });
    expect(back!.schedule[3]).toMatchObject({ version: 4, intervalMs: 7_000, phaseMs: third.phaseMs });
    expect(ended!.schedule).toHaveLength(3);
  });

  test('only a live check of the tenant is changed, and only to what can be stored', async () => {
    const [tenantId, other] = [await newTenant(setupOf()), await newTenant(setupOf())];
    const { checks } = setupOf();
    const [check] = await checks.add(tenantId, [newCheck('gone')]);
    const edit = { intervalMs: 2_000 };
    expect(await checks.edit(other, check!.id, edit)).toBeNull();
    for (const bad of [{ intervalMs: 0 }, { port: 70_000 }, { name: 'a\u0000b' }, { timeoutMs: 0.5 }])
      await expect(checks.edit(tenantId, check!.id, bad)).rejects.toMatchObject({ code: 'invalid_input' });
    await checks.remove(tenantId, check!.id);
    expect(await checks.edit(tenantId, check!.id, edit)).toBeNull();
    expect(await checks.edit(tenantId, 'chk_nothing', edit)).toBeNull();
    expect(await checks.list(tenantId, 0)).toMatchObject([{ name: 'gone', schedule: [{ version: 1 }] }]);
  });

  test('of changes at the same moment each begins where the one before ended, and none goes on past a removal', async () => {
    const tenantId = await newTenant(setupOf());
    const { checks } = setupOf();
    const [check] = await checks.add(tenantId, [newCheck('busy')]);
    const edits = [2_000, 3_000, 4_000].map((intervalMs) => checks.edit(tenantId, check!.id, { intervalMs }));
    const asked = [...edits, checks.remove(tenantId, check!.id)];
    const made = (await Promise.all(asked)).filter((one) => one !== null).length;
    const [stored] = await checks.list(tenantId, 0);
    const { schedule, archivedAtMs } = stored!;
    expect(schedule.map(({ version }) => version)).toEqual(schedule.map((_, at) => at + 1));
    // Each that was made but the removal began one.
    expect(schedule).toHaveLength(made);
    for (const [at, { validToMs }] of schedule.entries())
      expect(validToMs).toBe(schedule[at + 1]?.validFromMs ?? archivedAtMs);
  });

  test('a restored check is due again from then on, in the phase that it had, and what it was due before stays as it was', async () => {
    const tenantId = await newTenant(setupOf());
    const { checks } = setupOf();
    const [check] = await checks.add(tenantId, [newCheck('comes back'), newCheck('stays')]);
    const { id } = check!;
    const keptMs = 86_400_000;
    expect(await checks.restore(tenantId, id, { keptMs })).toBeNull();
    const removed = await checks.remove(tenantId, id, { by: 'tester' });
    const restored = await checks.restore(tenantId, id, { keptMs, by: 'tester', why: 'needed' });
    const [first, second] = restored!.schedule;
    expect(first).toEqual(removed!.schedule[0]);
    expect(second).toEqual({ ...first, version: 2, validFromMs: second!.validFromMs, validToMs: null });
    expect(second!.validFromMs).toBeGreaterThanOrEqual(first!.validToMs!);
    expect(restored).toMatchObject({ ...check, schedule: expect.anything() });
    const [listed] = await checks.list(tenantId, Date.now() + 60_000);
    expect(listed).toEqual(restored);
    await checks.remove(tenantId, id);
    expect((await checks.restore(tenantId, id, { keptMs }))!.schedule).toHaveLength(3);
    expect(await checks.restore(tenantId, 'chk_nothing', { keptMs })).toBeNull();
  });

  test('what was archived too long ago, or has no room in the quota, is not restored', async () => {
    const tenantId = await newTenant(setupOf());
    const { checks } = setupOf();
    const [check] = await checks.add(tenantId, [newCheck('one'), newCheck('two')]);
    await checks.remove(tenantId, check!.id);
    expect(await checks.restore(tenantId, check!.id, { keptMs: 0 })).toBeNull();
    const terms = { keptMs: 86_400_000, liveMax: 1 };
    await expect(checks.restore(tenantId, check!.id, terms)).rejects.toMatchObject({ code: 'quota_checks' });
    expect(await checks.restore(tenantId, check!.id, { ...terms, liveMax: 2 })).toMatchObject({
      name: 'one',
    });
  });

  test('a quota lets in as many live checks as it says, all of a call or none', async () => {
    const tenantId = await newTenant(setupOf());
    const { checks } = setupOf();
    const [first] = await checks.add(tenantId, [newCheck('one'), newCheck('two')], 3);
    const refused = { code: 'quota_checks' };
    await expect(checks.add(tenantId, [newCheck('three'), newCheck('four')], 3)).rejects.toMatchObject(
      refused,
    );
    await checks.add(tenantId, [newCheck('three')], 3);
    await expect(checks.add(tenantId, [newCheck('four')], 3)).rejects.toMatchObject(refused);
    await checks.remove(tenantId, first!.id);
    await checks.add(tenantId, [newCheck('four')], 3);
    await checks.add(tenantId, [newCheck('five')]);
    expect((await checks.list(tenantId, Date.now() + 60_000)).map(({ name }) => name)).toEqual([
      'two',
      'three',
      'four',
      'five',
    ]);
  });

  test("another tenant's check is neither listed nor removed", async () => {
    const [mine, theirs] = [await newTenant(setupOf()), await newTenant(setupOf())];
    const [check] = await setupOf().checks.add(theirs, [newCheck('theirs')]);
    expect(await setupOf().checks.list(mine, 0)).toEqual([]);
    expect(await setupOf().checks.remove(mine, check!.id)).toBeNull();
    expect(await setupOf().checks.list(theirs, 0)).toHaveLength(1);
  });

  test('a tenant that is not there is refused with a code', async () => {
    await expect(setupOf().checks.list('aaaaaaaaaaaa', 0)).rejects.toMatchObject({ code: 'no_such_tenant' });
    await expect(setupOf().checks.list('x"; DROP', 0)).rejects.toMatchObject({ code: 'invalid_input' });
  });
}
