import { afterEach, describe, expect, test } from 'vitest';
import { tenantRight } from '../cluster/index.ts';
import { evalOutputCharactersMax } from './limits.ts';
import { endScene, Spoken, scene, tenantA } from './testing/scene.ts';

afterEach(endScene);

async function session(allowsEval: boolean, write: boolean, ...rights: string[]) {
  const { connect, credentialOf, one } = await scene([], allowsEval);
  const spoken = await Spoken.open(await connect(await credentialOf('ann', ...rights)), 'core_1', write);
  return { one, say: (code: string) => spoken.say(`eval ${code}`) };
}

describe('JavaScript in a node is refused', () => {
  test.each([
    ['eval_off', false, true, ['read', 'write', 'eval']],
    ['no_right', true, true, ['read', 'write']],
    ['read_only', true, false, ['read', 'write', 'eval']],
    ['not_for_tenants', true, true, ['read', 'write', 'eval', tenantRight(tenantA)]],
  ] as const)('%s: allowed here %j, --write %j, rights %j', async (code, allowed, write, rights) => {
    const { say } = await session(allowed, write, ...rights);
    expect((await say('1 + 1')).code).toBe(code);
  });
});

describe('where it is allowed', () => {
  const all = [true, true, 'write', 'eval'] as const;

  test('it gives its value, with the node in reach', async () => {
    const { say } = await session(...all);
    expect(await say('1 + 1')).toMatchObject({ code: 'ok', text: '2\n' });
    expect(await say('node.node')).toMatchObject({ text: "'core_1'\n" });
    expect(await say('await system.counts().actors')).toMatchObject({ code: 'ok' });
    expect(await say('const a = 2; return a * 21')).toMatchObject({ text: '42\n' });
    const later = 'await new Promise((done) => node.system.clock.timer(20, () => done(7))) * 6';
    expect(await say(later)).toMatchObject({ text: '42\n' });
  });

  test('it is taken as it was written: quotes, bars, backslashes and what looks like a flag are its own', async () => {
    const { say } = await session(...all);
    expect(await say('"a" + "b"')).toMatchObject({ text: "'ab'\n" });
    expect(await say(`"it's".length`)).toMatchObject({ text: '4\n' });
    expect(await say("[1,  2].join('  ')")).toMatchObject({ text: "'1  2'\n" });
    expect(await say("'\\x41'")).toMatchObject({ text: "'A'\n" });
    expect(await say('0 || 3')).toMatchObject({ text: '3\n' });
    expect(await say('--node.system.nothing')).toMatchObject({ text: 'NaN\n' });
    expect(await say('')).toMatchObject({ code: 'bad_words' });
  });

  test('what it throws is told, and so is what cannot be read', async () => {
    const { say } = await session(...all);
    expect(await say('nothing.at.all')).toMatchObject({
      code: 'eval_failed',
      detail: 'ReferenceError: nothing is not defined',
    });
    expect(await say('1 +')).toMatchObject({ code: 'eval_failed' });
  });

  test.each([
    'while (true);',
    'await null; while (true);',
    'return { get [Symbol.toStringTag]() { while (true); } }',
    'throw { toString() { while (true); } }',
    'return { get [Symbol.toStringTag]() { throw { toString() { while (true); } }; } }',
    'const next = () => Promise.resolve().then(next); await next()',
  ])('a loop is ended, and the node goes on: %s', async (code) => {
    const { say } = await session(...all);
    expect(await say(code)).toMatchObject({ code: 'eval_failed' });
    // Where others use the processor even this may take longer than it has.
    let after = await say('1');
    for (let tries = 1; after.code !== 'ok' && tries < 10; tries += 1) after = await say('1');
    expect(after).toMatchObject({ text: '1\n' });
  });

  test('what it awaits for ever is ended by its deadline', async () => {
    const { say } = await session(...all);
    expect(await say('await new Promise(() => {})')).toMatchObject({ code: 'deadline' });
  });

  test('its output is cut', async () => {
    const { say } = await session(...all);
    const { text } = await say('Array.from({ length: 100 }, () => "x".repeat(4000))');
    expect(text.length).toBeLessThan(evalOutputCharactersMax + 100);
    expect(text).toMatch(/characters more\n$/);
  });
});
