import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordedEvent } from './entry.ts';
import { replaySteps } from './replay.ts';

const entries = (events: readonly (readonly [number, RecordedEvent])[]) =>
  events.map(([at, event], index) => ({
    ...{ node: 'core_1', boot: 1, seq: index + 1, session: 's1', before: '' },
    ...{ at, event },
  }));
const output = (text: string): RecordedEvent => ({ type: 'output', run: 1, text });

test('a session is told as it looked, with its pauses', () => {
  const steps = replaySteps(
    entries([
      [0, { type: 'line', run: 1, text: 'top', access: 'read' }],
      [100, output('\fone\n')],
      [1_100, output('\ftwo\n')],
      [900, { type: 'output_cut', run: 1, characters: 9 }],
      [1_200, { type: 'ended', run: 1, code: 'cancelled' }],
      [1_300, { type: 'ended', run: 2, code: 'ok' }],
      [1_300, { type: 'lines_refused', lines: 7 }],
      [1_400, { type: 'closed', reason: 'exit' }],
    ]),
  );
  expect(steps).toEqual([
    { pauseMs: 0, text: 'core_1> top\n' },
    { pauseMs: 100, text: '\u001b[H\u001b[2Jone\n' },
    { pauseMs: 1_000, text: '\u001b[H\u001b[2Jtwo\n' },
    { pauseMs: 0, text: '\n[9 characters more were shown and not kept]\n' },
    { pauseMs: 300, text: '[ended: cancelled]\n' },
    { pauseMs: 100, text: '[7 lines came too fast and did not run]\n' },
    { pauseMs: 100, text: '[closed: exit]\n' },
  ]);
});

test('what was shown moves no cursor and says nothing to the terminal but colours', () => {
  const parts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\u001b[31m', '\u001b]0;x\u0007', '\u001b[2J', '\u009b5n'),
  );
  fc.assert(
    fc.property(fc.array(parts), (texts) => {
      const [{ text } = { text: '' }] = replaySteps(entries([[0, output(texts.join(''))]]));
      const left = text.replaceAll('\u001b[H\u001b[2J', '').replace(/\p{Cc}\[[0-9;]*m/gu, '');
      expect(left).not.toMatch(/[^\P{Cc}\n\t]/u);
    }),
  );
});
