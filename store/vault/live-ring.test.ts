import { expect, test } from 'vitest';
import { parseKeyRing } from './key-ring.ts';
import { liveRing } from './live-ring.ts';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');

function world(first: string) {
  const file = { text: first, read: 0, looked: 0 };
  const live = liveRing(
    () => {
      file.read += 1;
      return parseKeyRing(file.text, 'f');
    },
    () => {
      file.looked += 1;
      return file.text;
    },
  );
  return { file, live };
}
const coded = (code: string) => expect.objectContaining({ code });

test('nothing is read before the first use, and then once', () => {
  const { file, live } = world(`a:${key(1)}`);
  expect(file).toMatchObject({ read: 0, looked: 0 });
  expect(live.ring().current().id).toBe('a');
  expect(live.forFields('a').state).toBe('active');
  expect(file).toMatchObject({ read: 1, looked: 1 });
});

test('a key that came a moment ago is found without being told of it', () => {
  const { file, live } = world(`a:${key(1)}`);
  live.ring();
  file.text = `a:${key(1)}\nb:${key(2)}`;
  expect(live.forFields('b').state).toBe('active');
  expect(live.ring().current().id).toBe('b');
});

test('a key that is nowhere is refused, and the file is not read again as long as it stays the same', () => {
  const { file, live } = world(`a:${key(1)}`);
  for (let at = 0; at < 50; at += 1) expect(() => live.forFields('x')).toThrow(coded('no_such_key'));
  expect(file.read).toBe(1);
});

test('a retired key opens no field, and opens again when the mark is taken away', () => {
  const { file, live } = world(`a:${key(1)} retired\nb:${key(2)}`);
  expect(() => live.forFields('a')).toThrow(coded('key_retired'));
  expect(live.ring().byId('a').bytes[0]).toBe(1);
  file.text = `a:${key(1)}\nb:${key(2)}`;
  expect(live.forFields('a').state).toBe('old');
});

test('a file that is no ring any more leaves the ring as it was', () => {
  const { file, live } = world(`a:${key(1)}`);
  live.ring();
  file.text = 'half of a li';
  expect(() => live.changed()).toThrow(coded('bad_key_ring'));
  expect(live.forFields('a').id).toBe('a');
  file.text = `b:${key(2)}`;
  live.changed();
  expect(live.ring().current().id).toBe('b');
});
