import { expect, test } from 'vitest';
import { judgeNewGroup } from './new-device-group.ts';

test('a group is taken as it was said, composed and without blanks around it', () => {
  expect(judgeNewGroup({ name: ' Cafe\u0301 phones ', description: ' on the 2nd floor ' })).toEqual({
    group: { name: 'Caf\u00e9 phones', description: 'on the 2nd floor' },
  });
  for (const description of [undefined, null, '', '  '])
    expect(judgeNewGroup({ name: 'x'.repeat(100), description })).toEqual({
      group: { name: 'x'.repeat(100), description: null },
    });
});

test('a name that is none, or that could not be shown or kept as it is, is refused with what one is', () => {
  for (const name of [undefined, null, 7, '', ' \t ', 'x'.repeat(101), 'a\nb', 'a\u0000b', 'a\ud800', ['a']])
    expect(judgeNewGroup({ name })).toEqual({
      refused: 'bad_group',
      detail: 'a group has a name of 1 to 100 printable characters',
    });
  for (const description of [7, 'x'.repeat(501), 'a\u001b[2Jb', '\udc00'])
    expect(judgeNewGroup({ name: 'a', description })).toMatchObject({
      refused: 'bad_group',
      detail: expect.stringContaining('500'),
    });
});
