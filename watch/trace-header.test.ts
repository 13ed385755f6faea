import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../runtime/index.ts';
import { formatHeader, newSpan, newTrace, parseHeader } from './trace-header.ts';

test('what is written is read again', () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, sampled) => {
      const random = seededRandom(seed);
      const context = { trace: newTrace(random), span: newSpan(random), sampled };
      expect(parseHeader(formatHeader(context))).toEqual(context);
    }),
  );
});

test.each([
  ['nothing', undefined],
  ['a number', 7],
  ['an object', {}],
  ['another version', '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['a trace of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
  ['a step of zeros', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
  ['capitals', '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01'],
  ['more behind it', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x'],
  ['a megabyte', '0'.repeat(1_000_000)],
])('%s is no header', (_what, value) => {
  expect(parseHeader(value)).toBeNull();
});

test('an id is never of zeros alone, whatever chance gives', () => {
  expect(newSpan({ next: () => 0 })).not.toMatch(/^0+$/);
  expect(newTrace({ next: () => 0 })).not.toMatch(/^0+$/);
});
