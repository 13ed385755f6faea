import { afterEach, describe, expect, test } from 'vitest';
import { tenantRight } from '../cluster/index.ts';
import type { ShellCall, ShellCommand } from './command.ts';
import {
  linesAtOncePerOperatorMax,
  pieceCharactersMax,
  sessionsPerOperatorMax,
  sessionsPerTenantMax,
} from './limits.ts';
import { endScene, Spoken, scene, tenantA, turn, until } from './testing/scene.ts';

afterEach(endScene);

const made = { usage: 'x', summary: '', examples: [], access: 'read', deadlineMs: 60_000 } as const;

/** Counts what it made. */
function endless(deadlineMs: number | null = null) {
  const seen = { pieces: 0, aborted: false };
  const command: ShellCommand = {
    ...{ ...made, name: 'endless', deadlineMs },
    async *run({ signal }: ShellCall) {
      signal.addEventListener('abort', () => {
        seen.aborted = true;
      });
      while (!signal.aborted) {
        seen.pieces += 1;
        yield 'x'.repeat(pieceCharactersMax);
      }
    },
  };
  return { seen, command };
}

/** Says nothing until it is told to end. */
const silent: ShellCommand = {
  ...{ ...made, name: 'silent', deadlineMs: null },
  async *run({ signal }: ShellCall) {
    yield 'begun\n';
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  },
};

const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );

describe('a session', () => {
  test('answers lines on the node that the link leads to and on one behind it', async () => {
    const { one, two, connect, credentialOf } = await scene();
    const client = await connect(await credentialOf('ann', 'read'));
    for (const [name, { records }] of [
      ['core_1', one],
      ['core_2', two],
    ] as const) {
      const session = await Spoken.open(client, name);
      expect(session.opened).toMatchObject({ node: name, role: 'core', operator: 'ann', tenant: null });
      const { text, code } = await session.say('nodes --json');
      expect(code).toBe('ok');
      expect((JSON.parse(text) as { name: string }[]).map((row) => row.name)).toEqual(['core_1', 'core_2']);
      await session.call('shell_close');
      expect(records.told()).toEqual([
        ...['opened', 'line nodes --json', 'output', 'output', 'ended ok', 'closed left'],
      ]);
      expect(records.ended).toBe(1);
    }
  });

  test('belongs to the certificate and the connection that opened it: to another it is not there', async () => {
    const { connect, credentialOf } = await scene();
    const credential = await credentialOf('ann', 'read');
    const session = await Spoken.open(await connect(credential), 'core_1');
    const others = [await credentialOf('eve', 'read', 'write'), await credentialOf('ann', 'read', 'write')];
    for (const one of [...others, credential]) {
      const other = await connect(one);
      const asked = { session: session.opened.session, run: 1, text: 'nodes', at: 1, line: '' };
      for (const call of ['line', 'next', 'cancel', 'complete', 'resize', 'close'])
        expect(await codeOf(other.call(`shell_${call}`, asked))).toBe('no_such_session');
    }
    expect((await session.say('nodes')).code).toBe('ok');
  });

  test('is named by a text: of anything else nothing is made', async () => {
    const { connect, credentialOf } = await scene();
    const client = await connect(await credentialOf('ann', 'read'));
    const { opened } = await Spoken.open(client, 'core_1');
    let deep: unknown = opened.session;
    for (let n = 0; n < 20; n += 1) deep = [deep];
    for (const session of [[opened.session], deep, { session: opened.session }, null, 7])
      expect(await codeOf(client.call('shell_next', { session, run: 1, at: 1 }))).toBe('no_such_session');
    expect(await codeOf(client.call('shell_next', null))).toBe('no_such_session');
    const line = { session: opened.session, line: ['nod'] };
    expect(await codeOf(client.call('shell_complete', line))).toBe('bad_line');
  });

  test('ends with its connection, also where it was relayed, and with it the line that runs', async () => {
    const { one, two, connect, credentialOf } = await scene([silent]);
    const client = await connect(await credentialOf('ann', 'read'));
    for (const name of ['core_1', 'core_2']) {
      const run = await (await Spoken.open(client, name)).begin('silent');
      expect(await run.next(1)).toEqual({ text: 'begun\n', done: null });
    }
    await client.close();
    for (const { records } of [one, two]) {
      await until('the session is closed', () => records.ended === 1);
      expect(records.told().slice(-2)).toEqual(['ended session_ended', 'closed connection ended']);
    }
  });

  test('ends when its certificate is revoked, on the node behind as well', async () => {
    const { one, two, connect, credentialOf } = await scene([silent]);
    const credential = await credentialOf('ann', 'read');
    const client = await connect(credential);
    const run = await (await Spoken.open(client, 'core_2')).begin('silent');
    await run.next(1);
    // Only the node that the operator is linked to knows of it.
    await one.revoke(credential);
    await until('the session is closed', () => two.records.ended === 1);
    expect(two.records.told().at(-1)).toBe('closed connection ended');
    expect(await codeOf(client.call('members', null))).toBe('link_busy');
    expect(await codeOf(connect(credential))).toBe('refused');
  });

  test('whose connection ends while it opens does not stay', async () => {
    const { one, connect, credentialOf } = await scene();
    let goOn = () => {};
    one.records.slow = new Promise((resolve) => {
      goOn = resolve;
    });
    const client = await connect(await credentialOf('ann', 'read'));
    const opening = codeOf(Spoken.open(client, 'core_1'));
    await turn();
    const ended = new Promise<void>((resolve) => one.node.procedures.gone.watch(() => resolve()));
    await client.close();
    await ended;
    goOn();
    await until('it is closed', () => one.records.ended === 1);
    expect(one.records.told()).toEqual(['opened', 'closed connection ended']);
    expect(await opening).not.toBe('ok');
  });

  test('ends when the node goes that it came through', async () => {
    const { one, two, connect, credentialOf } = await scene([silent]);
    const client = await connect(await credentialOf('ann', 'read'));
    await (await Spoken.open(client, 'core_2')).begin('silent');
    await one.node.stop(0);
    await until('the session is closed', () => two.records.ended === 1);
  });

  test('is one of a bounded number', async () => {
    const { connect, credentialOf } = await scene();
    const client = await connect(await credentialOf('ann', 'read'));
    const open = () => Spoken.open(client, 'core_1');
    const all = await Promise.all(Array.from({ length: sessionsPerOperatorMax }, open));
    expect(await codeOf(open())).toBe('too_many_sessions');
    expect(
      (await Spoken.open(await connect(await credentialOf('bob', 'read')), 'core_1')).opened.operator,
    ).toBe('bob');
    await all[0]!.call('shell_close');
    expect(await codeOf(open())).toBe('ok');
  });

  test('of a tenant leaves room for those of the platform, whatever number of certificates the tenant has', async () => {
    const { connect, credentialOf } = await scene();
    const fill = async (tenant: string, name: string, count: number) => {
      const client = await connect(await credentialOf(name, 'read', tenantRight(tenant)));
      await Promise.all(Array.from({ length: count }, () => Spoken.open(client, 'core_1')));
      return client;
    };
    const tenants = Array.from({ length: 4 }, (_, n) => `${'abcd'[n]}bcdefghijkl`);
    for (const tenant of tenants.slice(0, 3)) {
      await fill(tenant, 'one', sessionsPerOperatorMax);
      await fill(tenant, 'two', sessionsPerTenantMax - sessionsPerOperatorMax);
      expect(await codeOf(fill(tenant, 'three', 1))).toBe('too_many_sessions');
    }
    expect(await codeOf(fill(tenants[3]!, 'four', 1))).toBe('too_many_sessions');
    expect(await codeOf(Spoken.open(await connect(await credentialOf('bob', 'read')), 'core_1'))).toBe('ok');
  });
});

describe('output', () => {
  test('without an end is made as it is read, and no further', async () => {
    const { seen, command } = endless();
    const { connect, credentialOf } = await scene([command]);
    const session = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_2');
    const run = await session.begin('endless');
    for (let at = 1; at <= 5; at += 1) {
      expect((await run.next(at)).text).toHaveLength(pieceCharactersMax);
      expect(seen.pieces).toBe(at);
    }
    await session.call('shell_cancel', { run: run.run });
    expect((await run.next(6)).done?.code).toBe('cancelled');
    expect(seen).toEqual({ pieces: 5, aborted: true });
  });

  test('of a line that has an end is made one piece ahead of its reader, and no further', async () => {
    const { seen, command } = endless(60_000);
    const { connect, credentialOf } = await scene([command]);
    const session = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_1');
    const run = await session.begin('endless');
    for (let at = 1; at <= 5; at += 1) {
      await run.next(at);
      expect(seen.pieces).toBe(at + 1);
    }
    await session.call('shell_cancel', { run: run.run });
    expect((await run.next(6)).done?.code).toBe('cancelled');
    expect(seen).toEqual({ pieces: 6, aborted: true });
  });

  test('that was lost on the way is given again', async () => {
    const { connect, credentialOf } = await scene([endless().command]);
    const session = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_1');
    const run = await session.begin('endless');
    expect((await run.next(1)).text).toBe((await run.next(1)).text);
  });

  test('of one piece that is too long comes in pieces', async () => {
    const long: ShellCommand = {
      ...{ ...made, name: 'long' },
      async *run() {
        yield 'x'.repeat(2 * pieceCharactersMax + 1);
      },
    };
    const { connect, credentialOf } = await scene([long]);
    const session = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_1');
    const { text, pieces } = await session.say('long');
    expect([text.length, pieces]).toEqual([2 * pieceCharactersMax + 1, 3]);
  });
});

describe('the record', () => {
  test('comes first: a line that could not be kept does not run', async () => {
    let ran = 0;
    const count: ShellCommand = {
      ...{ ...made, name: 'count' },
      // biome-ignore lint/correctness/useYield: it says nothing
      async *run() {
        ran += 1;
      },
    };
    const { one, connect, credentialOf } = await scene([count]);
    const session = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_1');
    one.records.refuses = { code: 'record_unreachable', when: ({ type }) => type === 'line' };
    expect(await session.say('count')).toMatchObject({ code: 'record_unreachable' });
    expect(ran).toBe(0);
    one.records.refuses = null;
    expect(await session.say('count')).toMatchObject({ code: 'ok' });
    expect(ran).toBe(1);
  });

  test('of a session that cannot be kept: there is no session', async () => {
    const { one, connect, credentialOf } = await scene();
    one.records.refuses = { code: 'record_failed', when: () => true };
    const client = await connect(await credentialOf('ann', 'read'));
    expect(await codeOf(Spoken.open(client, 'core_1'))).toBe('record_failed');
  });

  test('has what was refused, too', async () => {
    const { one, connect, credentialOf } = await scene();
    const session = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_1');
    await session.say('stop 1');
    expect(one.records.events.slice(1)).toEqual([
      { type: 'line', run: 1, text: 'stop 1', access: 'refused' },
      { type: 'ended', run: 1, code: 'read_only' },
    ]);
  });
});

describe('a certificate that says more than it may', () => {
  test('is refused lines and sessions, by one code, and every line that ran is in the record', async () => {
    const { one, connect, credentialOf } = await scene();
    const client = await connect(await credentialOf('eve', 'read'));
    const session = await Spoken.open(client, 'core_1');
    let run = 0;
    let code = 'ok';
    for (let n = 0; code === 'ok' && n < 10 * linesAtOncePerOperatorMax; n += 1) {
      const asked = { run: run + 1, text: 'help help' };
      code = await codeOf(session.call('shell_line', asked));
      if (code !== 'ok') break;
      run += 1;
      for (let at = 1; ; at += 1)
        if ((await session.call<{ done: unknown }>('shell_next', { run, at })).done !== null) break;
    }
    expect(code).toBe('too_fast');
    expect(run).toBeGreaterThanOrEqual(linesAtOncePerOperatorMax - 1);
    expect(one.records.told().filter((event) => event.startsWith('line '))).toHaveLength(run);
    // Others are not held up by it.
    expect(await codeOf(Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_1'))).toBe('ok');
    await session.call('shell_close');
    expect(one.records.events.some(({ type }) => type === 'lines_refused')).toBe(true);
    let opened = 0;
    for (code = 'ok'; code === 'ok' && opened < 10 * linesAtOncePerOperatorMax; opened += 1) {
      code = await codeOf(Spoken.open(client, 'core_1').then((other) => other.call('shell_close')));
    }
    expect(code).toBe('too_fast');
  });
});

describe('completion', () => {
  test('of commands, nodes and names, by what the session may say', async () => {
    const { connect, credentialOf } = await scene();
    const complete = async (session: Spoken, line: string) =>
      (await session.call<{ words: string[]; at: number }>('shell_complete', { line })).words;
    const session = await Spoken.open(await connect(await credentialOf('ann', 'read')), 'core_2');
    expect(await complete(session, 're')).toEqual(['registry']);
    expect(await complete(session, 'links c')).toEqual(['core_1', 'core_2']);
    expect(await complete(session, 'help dra')).toEqual(['drain']);
    expect(await complete(session, 'drain c')).toEqual([]);
    expect(await complete(session, 'nothing c')).toEqual([]);
    const writer = await Spoken.open(await connect(await credentialOf('bob', 'write')), 'core_2', true);
    expect(await complete(writer, 're')).toEqual(['registry', 'restart']);
    const customer = await connect(await credentialOf('cy', 'read', tenantRight(tenantA)));
    expect(await complete(await Spoken.open(customer, 'core_2'), 'l')).toEqual([]);
  });
});
