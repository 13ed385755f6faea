import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replayForms } from '../../cluster/index.ts';
import { linesOf, type ReplayOptions, readRecord, replay } from '../../runtime/index.ts';

const folder = import.meta.dirname;
const kept = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length));

function replayed(name: string, options: ReplayOptions = {}, forms = replayForms()) {
  const bytes = readFileSync(join(folder, `${name}.jsonl`));
  return replay(readRecord(linesOf([bytes])), forms, options);
}

describe.each(kept)('the kept record %s', (name) => {
  test('is decided as it was, in the same order', async () => {
    const { mismatches, counts, decisions } = replayed(name);
    expect(mismatches).toEqual([]);
    expect(counts.stepped).toBeGreaterThan(0);
    expect(counts.notStepped).toBe(0);
    const lines = decisions.map(({ node, machine, text }) => `${node} ${machine}: ${text}\n`);
    await expect(lines.join('')).toMatchFileSnapshot(join(folder, `${name}.decisions.txt`));
  });
});

test('a core that hung is explained by what was heard of it, and the name that moved by its end', () => {
  const { reasons } = replayed('hung-core', { explain: 'core_1' });
  const announced = reasons.map(({ text }) => text).filter((text) => text.startsWith('core_1 is'));
  expect(announced).toEqual([
    'core_1 is up (was not known): joined: linked for the first time',
    'core_1 is suspect (was up): nothing heard for 2001 ms on the open link',
    'core_1 is down (was suspect): no sign of life for 4633 ms, neither here nor through others (6 rounds of probes)',
  ]);
  const moved = replayed('hung-core', { explain: 'jw46b6bou527/default/tenant/jw46b6bou527' }).reasons;
  expect(moved.map(({ text }) => text)).toEqual([
    "is held by core_1 (actor 10); core_1 told of core_1's names",
    'is lost: nobody holds it, core_1 (actor 10) did; core_1 is down: its names are hidden',
    'is held by core_2 (actor 42); it was taken on this node',
  ]);
});

test('a machine that does not suspect on a closed link is told at the very entry', () => {
  const forms = replayForms().map((form) => {
    if (form.kind !== 'membership') return form;
    const step: typeof form.step = (state, event, random) =>
      event.type === 'link_down' ? { state, effects: [] } : form.step(state, event, random);
    return { ...form, step };
  });
  const [first] = replayed('hung-core', {}, forms).mismatches;
  const suspected = replayed('hung-core').decisions.find(({ text }) =>
    text.startsWith('agent_1 is suspect'),
  )!;
  expect(first).toMatchObject({ machine: 'membership', what: 'effects', n: suspected.n, got: '00000000' });
});
