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
    'core_1 is suspect (was up): nothing heard for 2047 ms on the open link',
    'core_1 is down (was suspect): no sign of life for 4657 ms, neither here nor through others (6 rounds of probes)',
  ]);
  const moved = replayed('hung-core', { explain: 'zbk2salimuia/default/tenant/zbk2salimuia' }).reasons;
  expect(moved.map(({ text }) => text)).toEqual([
    'is held by core_2 (actor 10); it was taken on this node',
    'is lost: nobody holds it, core_2 (actor 10) did; its actor on this node ended',
    "is held by core_1 (actor 10); core_1 told of core_1's names",
    'is lost: nobody holds it, core_1 (actor 10) did; core_1 is down: its names are hidden',
    'is held by core_2 (actor 43); it was taken on this node',
  ]);
});

describe('a network that was split with real packets', () => {
  const why = (explain: string, node: string) =>
    replayed('real-split', { explain })
      .reasons.filter((reason) => reason.node === node)
      .map(({ text }) => text);

  test('is explained from the silence to the split, and to its end', () => {
    const told = why('core_3', 'core_2').filter((text) => / is |split/.test(text));
    expect(told).toEqual([
      'core_3 is up (was not known): joined: linked for the first time',
      'core_3 is suspect (was up): nothing heard for 2083 ms on the open link',
      'core_3 is down (was suspect): no sign of life for 4689 ms, neither here nor through others (6 rounds of probes)',
      'the network is split: core_1, core_2 against core_3',
      'core_3 is up (was down): returned: the same boot is linked again',
      'the split is over; back: core_3',
    ]);
    expect(why('core_1', 'core_3')).toContain('the network is split: core_3 against core_1, core_2');
  });

  test('is explained by the name that both sides took, and by the child that both sides ran', () => {
    expect(why('platform/default/thing/contested 0 0', 'core_3')).toEqual([
      'is held by core_3 (actor 10); it was taken on this node',
      'gives up platform/default/thing/contested 0 0: it is held twice, and core_2 keeps it',
      "moved from core_3 (actor 10) to core_2 (actor 8); core_2 told of core_2's names",
      'refuses platform/default/thing/contested 0 0: not_ours, held by core_2',
    ]);
    const child = why('child 1', 'core_2');
    expect(child.filter((text) => /^(starts|stops)/.test(text))).toEqual([
      'starts child 1',
      'stops child 1: conflict',
    ]);
    expect(child).toContain('belongs on core_2, is running here; it runs');
    expect(why('child 0', 'core_3').filter((text) => /^(starts|stops)/.test(text))).toEqual([
      'starts child 0',
      'stops child 0: conflict',
    ]);
  });
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
