import { expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { Exposition } from './exposition.ts';
import { asked, each, type FamilyGroup, labelled, plain } from './family.ts';
import { askMs } from './limits.ts';

function scene(...groups: FamilyGroup[]) {
  const clock = manualClock();
  const exposition = new Exposition(clock, () => {});
  exposition.add(...groups);
  return { clock, exposition };
}

const some: FamilyGroup = {
  families: [
    plain('counter', 'picket_things_total', 'Things.', () => 3),
    labelled('gauge', 'picket_places', 'Places.', () => each('of', { 'a "b"\n': 1.5 })),
    {
      type: 'histogram',
      name: 'picket_wait_seconds',
      help: 'Waits.',
      read: () => ({ bounds: [0.1, 1], atMost: [1, 3], count: 4, sum: 7.5 }),
    },
  ],
};

test('families are told in the text that Prometheus reads', async () => {
  const { type, text } = await scene(some).exposition.text('text');
  expect(type).toContain('text/plain');
  expect(text.split('\n').filter((line) => line !== '')).toEqual([
    '# HELP picket_things_total Things.',
    '# TYPE picket_things_total counter',
    'picket_things_total 3',
    '# HELP picket_places Places.',
    '# TYPE picket_places gauge',
    'picket_places{of="a \\"b\\"\\n"} 1.5',
    '# HELP picket_wait_seconds Waits.',
    '# TYPE picket_wait_seconds histogram',
    'picket_wait_seconds_bucket{le="0.1"} 1',
    'picket_wait_seconds_bucket{le="1"} 3',
    'picket_wait_seconds_bucket{le="+Inf"} 4',
    'picket_wait_seconds_sum 7.5',
    'picket_wait_seconds_count 4',
  ]);
});

test('in OpenMetrics a counter has its suffix at the sample alone, and the text has an end', async () => {
  const { exposition } = scene(some);
  const { type, text } = await exposition.text('openmetrics');
  expect(type).toContain('application/openmetrics-text');
  expect(text).toContain('# TYPE picket_things counter\npicket_things_total 3\n');
  expect(text.endsWith('# EOF\n')).toBe(true);
  // And the form does not stick.
  expect((await exposition.text('text')).text).toContain('# TYPE picket_things_total counter');
});

test('who does not answer has no series in this scrape, and the others are told', async () => {
  const answers: (() => Promise<number>)[] = [
    async () => 1,
    () => Promise.reject(new Error('ended')),
    () => new Promise(() => {}),
    async () => 4,
  ];
  const sometimes = asked(
    () => answers.shift()!(),
    (latest) => [plain('gauge', 'picket_sometimes', 'Sometimes.', latest)],
  );
  const { clock, exposition } = scene(some, sometimes);
  const told: boolean[] = [];
  for (let count = 0; count < 4; count += 1) {
    const asking = exposition.text('text');
    await clock.advance(askMs);
    const { text } = await asking;
    told.push(text.includes('picket_sometimes '));
    expect(text).toContain('picket_things_total 3');
  }
  expect(told).toEqual([true, false, false, true]);
});
