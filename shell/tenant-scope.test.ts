import { afterEach, describe, expect, test, vi } from 'vitest';
import { ProcedureError, tenantRight } from '../cluster/index.ts';
import { defineActor, type Ref } from '../runtime/index.ts';
import { endScene, type SceneNode, Spoken, scene, tenantA, tenantB, until } from './testing/scene.ts';

afterEach(endScene);

interface NoteProtocol {
  start: [];
  call: { notes(): number };
  cast: { note(n: number): void };
}

const notes = defineActor<number, NoteProtocol>({
  name: 'notes',
  init: () => 0,
  call: { notes: (self) => self.state },
  cast: {
    note(self, n) {
      self.state += n;
    },
  },
});

/** What a core would answer, and every question that reached it. */
function playCore({ node }: SceneNode) {
  const asked: unknown[] = [];
  const slugs: Record<string, string> = { [tenantA]: 'acme', [tenantB]: 'bolt' };
  const read = (name: string, run: (argument: { tenant: string; id?: string }) => unknown) =>
    node.declare(name, {
      access: 'read',
      run(argument: { tenant: string }) {
        asked.push([name, argument?.tenant ?? null]);
        return run(argument);
      },
    });
  const row = (id: string) => ({ tenant_id: id, slug: slugs[id], name: slugs[id], status: 'active' });
  read('tenant_show', ({ tenant }) => {
    const id = Object.keys(slugs).find((one) => one === tenant || slugs[one] === tenant);
    if (id === undefined) throw new ProcedureError('no_such_tenant', `there is no tenant "${tenant}"`);
    return row(id);
  });
  read('tenant_list', () => Object.keys(slugs).map(row));
  const check = { kind: 'tcp', target: 'h', port: 1, interval_ms: 1, enabled: true, state: 'up' };
  read('check_list', ({ tenant }) => [{ id: `chk_${tenant}`, name: slugs[tenant], ...check }]);
  read('explain_check', ({ tenant, id }) => {
    if (tenant !== null && id !== `chk_${tenant}`)
      throw new ProcedureError('no_such_check', `no check "${id}"`);
    return { subject: id, state: 'up', because: [] };
  });
  return asked;
}

/** Two tenants with an actor each on both cores, and an operator of the first. */
async function ofOneTenant(write = false) {
  const set = await scene();
  const asked = [playCore(set.one), playCore(set.two)];
  const refs: Record<string, Ref<NoteProtocol>> = {};
  for (const { node } of [set.one, set.two]) {
    for (const tenant of [tenantA, tenantB]) {
      const ref = node.system.spawn(notes);
      const key = { tenant, partition: 'default', kind: 'notes', id: node.node };
      node.names.register(key, ref, {});
      refs[`${tenant}/${node.node}`] = ref;
    }
  }
  const client = await set.connect(await set.credentialOf('cy', 'read', 'write', tenantRight(tenantA)));
  const session = await Spoken.open(client, 'core_2', write);
  while ([...set.two.node.names.scan({ kind: 'notes' })].length < 4) await new Promise(setImmediate);
  return { ...set, asked, refs, client, session };
}

describe('an operator of one tenant', () => {
  test('calls nothing but the shell, on the node of its link and behind it', async () => {
    const { client } = await ofOneTenant();
    const names = [
      'members',
      'registry',
      'tree',
      'links',
      'node',
      'children',
      'record',
      'explain_child',
      'relayed',
    ];
    for (const name of [...names, 'tenant_list', 'tenant_show', 'check_list', 'caller_gone']) {
      const code = (error: { code: string }) => error.code;
      expect(await client.call(name, { tenant: tenantA }).catch(code)).toBe('procedure_denied');
      const request = { node: 'core_2', name, argument: { tenant: tenantA } };
      expect(await client.call('relay', request).catch(code)).toBe('procedure_denied');
    }
  });

  test('is told of no node of another tenant, whether it is there or not', async () => {
    const { client } = await ofOneTenant();
    const code = (node: string) =>
      client.call('relay', { node, name: 'shell_open', argument: {} }).catch((error: Error) => error.message);
    expect(await code(`${tenantB}.edge`)).toBe(`no_such_node: no link to "${tenantB}.edge" from here`);
  });

  test('sees the names of its tenant alone, whatever it names', async () => {
    const { session } = await ofOneTenant();
    const tenants = async (line: string) => {
      const { text, code } = await session.say(line);
      return code === 'ok' ? (JSON.parse(text) as { tenant: string }[]).map((row) => row.tenant) : code;
    };
    expect(await tenants('registry --json')).toEqual([tenantA, tenantA]);
    expect(await tenants(`registry --tenant acme --json`)).toEqual([tenantA, tenantA]);
    for (const other of [tenantB, 'bolt', 'platform', 'nobody'])
      expect(await tenants(`registry --tenant ${other} --json`)).toBe('no_such_tenant');
  });

  test('gets for what is not its own the answer and the work of what is not there', async () => {
    const { session, asked, two } = await ofOneTenant();
    const members = two.node.members.list();
    const edge = { ...members[0]!, name: `${tenantB}.edge`, tenant: tenantB };
    vi.spyOn(two.node.members, 'list').mockReturnValue([...members, edge]);
    const say = async (line: string, name: string) => {
      for (const one of asked) one.length = 0;
      const { detail, code } = await session.say(line);
      return { code, detail: detail.replaceAll(name, 'X'), asked: asked.map((one) => [...one]) };
    };
    const pairs = [
      ['checks bolt', 'bolt', 'checks none', 'none'],
      [`checks ${tenantB}`, tenantB, 'checks cbcdefghijkl', 'cbcdefghijkl'],
      [`explain check chk_${tenantB}`, `chk_${tenantB}`, 'explain check chk_none', 'chk_none'],
      [`explain node ${tenantB}.edge`, `${tenantB}.edge`, 'explain node none', 'none'],
      [`registry --node ${tenantB}.edge`, `${tenantB}.edge`, 'registry --node none', 'none'],
    ] as const;
    for (const [line, name, other, nobody] of pairs) {
      const mine = await say(line, name);
      expect(mine.code).toMatch(/^no_such_/);
      expect(mine).toEqual(await say(other, nobody));
    }
    expect((await session.say('checks acme')).text).toContain(`chk_${tenantA}`);
    expect((await session.say('tenants --json')).text).not.toContain(tenantB);
    expect(asked.flat()).not.toContainEqual(['tenant_list', null]);
  });

  test('sends to the actors of its tenant and ends them, and no others', async () => {
    const { session, refs, one, two } = await ofOneTenant(true);
    const key = (tenant: string, id: string) => `${tenant}/default/notes/${id}`;
    expect(await session.say(`send ${key(tenantA, 'core_1')} note 3`)).toMatchObject({ code: 'ok' });
    expect(await session.say(`send ${key(tenantA, 'core_1')} notes --call`)).toMatchObject({ text: '3\n' });
    const foreign = refs[`${tenantB}/core_2`]!;
    const own = refs[`${tenantA}/core_2`]!;
    for (const name of [
      key(tenantB, 'core_1'),
      key(tenantB, 'core_2'),
      String(foreign.id),
      '999',
      'platform/default/x/y',
    ]) {
      for (const line of [`send ${name} note 1`, `stop ${name}`, `restart ${name}`])
        expect((await session.say(line)).code).toBe('no_such_actor');
    }
    expect(await one.node.system.call(refs[`${tenantB}/core_1`]!).notes()).toBe(0);
    expect(await two.node.system.call(foreign).notes()).toBe(0);
    expect(await session.say(`stop ${own.id}`)).toMatchObject({
      code: 'ok',
      text: `${own} ended: shutdown\n`,
    });
    expect(await session.say(`stop ${key(tenantA, 'core_1')}`)).toMatchObject({ code: 'lives_elsewhere' });
  });

  test('writes to the doors of its tenant and to nothing that does what it is told', async () => {
    const { session, one, two } = await ofOneTenant(true);
    for (const { node } of [one, two]) {
      const key = { tenant: tenantA, partition: 'default', kind: 'scheduler', id: node.node };
      node.names.register(key, node.system.spawn(notes), {});
    }
    await until('both are known', () => [...two.node.names.scan({ kind: 'scheduler' })].length === 2);
    for (const id of ['core_1', 'core_2']) {
      const name = `${tenantA}/default/scheduler/${id}`;
      for (const line of [`send ${name} note 1`, `send ${name} notes --call`])
        expect((await session.say(line)).code).toBe('not_for_tenants');
    }
    expect((await session.say(`send ${tenantA}/default/notes/core_2 note 1`)).code).toBe('ok');
  });

  test('cannot say what is of the platform', async () => {
    const { session } = await ofOneTenant(true);
    for (const line of ['links', 'drain core_2', 'eval 1'])
      expect((await session.say(line)).code).toBe('not_for_tenants');
    const { text } = await session.say('help');
    for (const name of ['links', 'drain', 'eval']) expect(text).not.toMatch(new RegExp(`^  ${name}`, 'm'));
  });
});

test('an operator of the platform sees all of them', async () => {
  const { session: _, connect, credentialOf } = await ofOneTenant();
  const ann = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_1');
  const { text } = await ann.say('registry --kind notes --json');
  expect(new Set((JSON.parse(text) as { tenant: string }[]).map((row) => row.tenant))).toEqual(
    new Set([tenantA, tenantB]),
  );
  expect((await ann.say('checks bolt')).text).toContain(`chk_${tenantB}`);
  expect((await ann.say(`explain check chk_${tenantB}`)).code).toBe('ok');
});
