import { expect, test } from 'vitest';
import { splitInterrupts } from './terminal.ts';

test('what is typed around Ctrl-C is not taken along with it, however it comes', () => {
  for (const [text, parts] of [
    ['help nodes\u0003', ['help nodes', '\u0003']],
    ['\u0003', ['\u0003']],
    ['a\u0003\u0003b', ['a', '\u0003', '\u0003', 'b']],
    ['links', ['links']],
    ['', []],
  ] as const)
    expect(splitInterrupts(text)).toEqual(parts);
});
