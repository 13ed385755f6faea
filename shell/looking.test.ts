import { expect, test } from 'vitest';
import { defineActor, Ref } from '../runtime/index.ts';
import { childrenCommand } from './commands/children.ts';
import { everyShellCommand } from './commands/every-command.ts';
import { helpCommand } from './commands/help.ts';
import { infoCommand } from './commands/info.ts';
import { inspectCommand } from './commands/inspect.ts';
import { logCommand } from './commands/log.ts';
import { monitorCommand } from './commands/monitor.ts';
import { topCommand } from './commands/top.ts';
import { traceCommand } from './commands/trace.ts';
import { treeCommand } from './commands/tree.ts';
import { loneNode, refusal } from './testing/lone-node.ts';

interface HolderProtocol {
  start: [held: Record<string, unknown>];
  call: { ask(): number };
  cast: { note(text: string): void; tell(to: Ref, text: string): void; fail(why: string): void };
}

const holder = (name: string) =>
  defineActor<Record<string, unknown>, HolderProtocol>({
    name,
    init: (_self, held) => held,
    call: { ask: () => 1 },
    cast: {
      note() {},
      tell(self, to, text) {
        self.cast(to as Ref<HolderProtocol>).note(text);
      },
      fail(_self, why) {
        throw new Error(why);
      },
    },
  });

const [a, b] = ['abcdefghijkl', 'bbcdefghijkl'];

/** Two tenants' actors, named in the registry, and one of the platform. */
async function scene() {
  const lone = loneNode();
  const { system, names } = lone.node;
  const named = (tenant: string, id: string) => {
    const ref = system.spawn(holder(`holder_${id}`), { count: 1, of: tenant });
    names.register({ tenant, partition: 'default', kind: 'tenant', id }, ref as Ref, {});
    return ref;
  };
  const own = named(a, 'own');
  const others = named(b, 'others');
  const ours = system.spawn(holder('ours'), { own });
  await lone.clock.settle();
  return { ...lone, system, names, own, others, ours };
}

test('known load: top, info and inspect tell what was sent, and nothing else', async () => {
  const { clock, node, own, others, run, system } = await scene();
  const load = (casts: number, calls: number) => {
    for (let n = 0; n < casts; n += 1) system.cast(own).note('x');
    for (let n = 0; n < calls; n += 1) void system.call(others).ask();
  };
  load(11, 3);
  await clock.settle();
  const info = JSON.parse((await run(infoCommand, '--json')).text);
  expect(info.actors).toMatchObject({ messages_handled: 14, messages_waiting: 0 });
  expect(info.node).toMatchObject({ name: 'core_1', version: '1.2.3', boot: 7 });
  clock.timer(500, () => load(200, 50));
  const top = JSON.parse((await run(topCommand, '--once --json --sort messages', null, 1_200)).text);
  expect(top.elapsed_ms).toBe(1_000);
  expect(top.actors.slice(0, 2)).toMatchObject([
    { id: String(own.id), messages: 200 },
    { id: String(others.id), messages: 50 },
  ]);
  expect(top.totals).toMatchObject({ messages: 250, actors: node.system.counts().actors });
  const seen = JSON.parse((await run(inspectCommand, `${own.id} --json`)).text);
  expect(seen).toMatchObject({ handled: 211, name: 'holder_own', state: '{count: number, of: string(12)}' });
});

test('an actor is looked at by the name that tree shows, when it has that name alone', async () => {
  const { run, ours, system } = await scene();
  expect((await run(inspectCommand, 'ours')).text).toMatch(new RegExp(`^actor +ours ${ours.id}$`, 'm'));
  const second = system.spawn(holder('ours'), { count: 2 });
  expect(await refusal(run(inspectCommand, 'ours'))).toBe(
    `no_such_actor: 2 actors are called "ours" here: say the number of one: ${ours.id} ${second.id}`,
  );
  expect(await refusal(run(inspectCommand, 'holder_own', b))).toContain('no_such_actor: there is no actor');
});

test('what is shown fits the terminal, 80 columns here', async () => {
  const { run } = await scene();
  for (const [command, words] of [
    [infoCommand, ''],
    [helpCommand(() => everyShellCommand), ''],
  ] as const) {
    const { text } = await run(command, words);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }
});

test('top shows a screen for each second, which begins with a form feed', async () => {
  const { run } = await scene();
  const { pieces } = await run(topCommand, '', null, 3_500);
  expect(pieces).toHaveLength(3);
  expect(pieces.every((piece) => piece.startsWith('\fcore_1: '))).toBe(true);
});

test('a tree has each actor once, below its starter, in bounded pieces', async () => {
  const { node, run, system } = await scene();
  for (let n = 0; n < 6_000; n += 1) system.spawn(holder('many'), {});
  const { text, pieces } = await run(treeCommand);
  expect(pieces.length).toBeGreaterThan(1);
  expect(text.match(/\n/g)).toHaveLength(node.system.counts().actors);
  const rows = JSON.parse((await run(treeCommand, '--json')).text) as unknown[];
  expect(rows).toHaveLength(node.system.counts().actors);
  expect(await refusal(run(treeCommand, 'core_2'))).toContain('lives_elsewhere');
});

test('inspect shows no value without being told to, and values piece by piece when it is', async () => {
  const { run, system } = await scene();
  const items = Array.from({ length: 20_000 }, (_, at) => ({ at, text: 'visible' }));
  const ref = system.spawn(holder('large'), { items, password: 'hidden' });
  await run(treeCommand);
  expect((await run(inspectCommand, `${ref.id}`)).text).not.toContain('visible');
  const { pieces, text } = await run(inspectCommand, `${ref.id} --full --json --characters 10000000`);
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(32 * 1_024);
  expect(JSON.parse(text)).toEqual({ items, password: '<redacted>' });
});

test('a trace tells the load message by message and ends by its count, by its time, and with its actor', async () => {
  const { clock, own, ours, run, system } = await scene();
  clock.timer(100, () => {
    for (let n = 0; n < 10; n += 1) system.cast(ours).tell(own as Ref, 'hidden');
  });
  const counted = await run(traceCommand, `${own.id} --count 4 --limit 1000/s`, null, 300);
  expect(counted.text.match(/<- cast note\(string\(6\)\) from ours \d+/g)).toHaveLength(4);
  expect(counted.text).toContain('end of trace: 4 messages were told');
  clock.timer(100, () => system.cast(ours).tell(own as Ref, 'two  blanks\n'));
  const values = await run(traceCommand, `${own.id} --count 1 --values`, null, 300);
  expect(values.text).toMatch(/<- cast note\("two {2}blanks\\n"\) from ours \d+\n/);
  const timed = await run(traceCommand, `${own.id} --for 1s`, null, 1_500);
  expect(timed.text).toBe(
    'end of trace: 1 s are over; 0 more were not looked at, to stay within 100 a second\n',
  );
  clock.timer(100, () => system.exit(own as Ref, 'kill'));
  expect((await run(traceCommand, `${own.id}`, null, 500)).text).toContain('the actor has ended');
  expect(system.find(ours as Ref)!.traced).toBe(false);
});

test('monitor tells crashes, dead letters and names as they come', async () => {
  const { clock, names, own, run, system } = await scene();
  clock.timer(50, () => {
    system.cast(own).fail('broken');
    system.cast(own).note('late');
  });
  clock.timer(90, () => system.cast(own).note('nobody'));
  const { text } = await run(monitorCommand, '', null, 2_000);
  expect(text).toContain(`crashed     holder_own ${own.id} in fail: broken`);
  expect(text).toMatch(/dead letter note to core_1\.7\.\d+: (crash|no_actor)/);
  expect(text).toContain(`name        ${a}/default/tenant/own removed on core_1`);
  expect(names.list({ tenant: a })).toEqual([]);
});

test('the log tells its last lines of a level, and those that follow', async () => {
  const { clock, log, run } = await scene();
  const line = (level: number, msg: string) =>
    log.push(`${JSON.stringify({ level, time: '2026-01-01T00:00:00.000Z', node: 'core_1', msg, at: 1 })}\n`);
  for (let n = 0; n < 100; n += 1) line(n % 2 === 0 ? 30 : 40, `line ${n}`);
  const { text } = await run(logCommand, '--level warn --lines 2');
  expect(text).toBe(
    '2026-01-01T00:00:00.000Z warn  line 97  {"at":1}\n2026-01-01T00:00:00.000Z warn  line 99  {"at":1}\n',
  );
  clock.timer(100, () => line(50, 'new'));
  const followed = await run(logCommand, '--lines 1 --follow', null, 2_500);
  expect(followed.text).toContain('error new');
  expect(await refusal(run(logCommand, '--level odd'))).toContain('bad_words');
});

test('to an operator of one tenant the actors of others are as if they were not there', async () => {
  const { node, others, own, ours, run } = await scene();
  const nobody = 4_242;
  const strangers = [
    others.id,
    ours.id,
    nobody,
    `${b}/default/tenant/others`,
    'ours',
    `${b}/default/tenant/none`,
  ];
  for (const [command, more] of [
    [inspectCommand, ''],
    [inspectCommand, ' --full'],
    [traceCommand, ''],
  ] as const) {
    for (const stranger of strangers) {
      expect(await refusal(run(command, `${stranger}${more}`, a))).toBe(
        `no_such_actor: there is no actor "${stranger}" for this session: tree shows the numbers of those here, registry the keys`,
      );
    }
  }
  const { text } = await run(treeCommand, '', a);
  expect(text).toBe(`holder_own ${own.id}\n`);
  expect(JSON.parse((await run(treeCommand, '--json', a)).text)).toHaveLength(1);
  const info = JSON.parse((await run(infoCommand, '--json', a)).text);
  expect(Object.keys(info)).toEqual(['node', 'actors']);
  expect(info.actors).toMatchObject({ actors: 1 });
  expect((await run(inspectCommand, `${own.id}`, a)).text).toContain('holder_own');
  expect(await refusal(run(inspectCommand, `${own.id} --full`, a))).toContain('not_for_tenants');
  expect((await run(childrenCommand, '--json', a)).text).toBe('[]\n');
  expect([logCommand.forTenants, node.looking.sight(b).sees(own.id)]).toEqual([undefined, false]);
});

test('an operator of one tenant is told of that tenant alone while it happens: top, monitor, trace', async () => {
  const { clock, names, others, own, ours, run, system } = await scene();
  const load = () => {
    for (let n = 0; n < 70; n += 1) system.cast(others).note('x');
    for (let n = 0; n < 5; n += 1) system.cast(ours).tell(own as Ref, 'y');
    system.cast(own).tell(others as Ref, 'z');
  };
  clock.timer(500, load);
  const top = JSON.parse((await run(topCommand, '--once --json', a, 1_200)).text);
  expect(top.totals).toMatchObject({ actors: 1, messages: 6 });
  clock.timer(100, load);
  const trace = await run(traceCommand, `${own.id} --for 1s`, a, 1_500);
  expect(trace.text.match(/from -\n/g)).toHaveLength(6);
  expect(trace.text).toContain('-> cast note(string(1)) to -\n');
  for (const stranger of [others, ours]) expect(trace.text).not.toContain(String(stranger));
  clock.timer(50, () => {
    system.cast(others).fail('of another');
    system.cast(ours).fail('ours');
    system.cast(own).fail('of the database');
    // Of another node, and with the number of one's own actor.
    system.sendCast(new Ref('core_9', 7, own.id), 'elsewhere', []);
    names.register({ tenant: a, partition: 'default', kind: 'check', id: 'mine' }, spare as Ref, {});
    names.register({ tenant: b, partition: 'default', kind: 'check', id: 'theirs' }, spare as Ref, {});
  });
  const spare = system.spawn(holder('spare'), {});
  const { text } = await run(monitorCommand, '', a, 2_000);
  expect(text).toMatch(new RegExp(`crashed +holder_own ${own.id} in fail\\n`));
  expect(text).toContain(`${a}/default/check/mine added`);
  for (const hidden of ['of another', 'of the database', 'ours', b, 'theirs', 'dead letter', 'elsewhere'])
    expect(text).not.toContain(hidden);
});

test("an actor that was named under two tenants is nobody's but the platform's", async () => {
  const { names, own, run } = await scene();
  names.register({ tenant: b, partition: 'default', kind: 'tenant', id: 'twice' }, own as Ref, {});
  for (const tenant of [a, b]) {
    expect((await run(treeCommand, '', tenant)).text).not.toContain('holder_own');
    expect(await refusal(run(inspectCommand, `${own.id}`, tenant))).toContain('no_such_actor');
  }
});
