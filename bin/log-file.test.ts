import { expect, test } from 'vitest';
import { LogFile } from './log-file.ts';

/** A disk with so much room; more is refused as a full one does, also in the middle of a line. */
function disk(roomBytes: number) {
  let there = '';
  let room = roomBytes;
  const told: string[] = [];
  const append = (bytes: Buffer) => {
    const taken = Math.min(room, bytes.length);
    if (taken === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    room -= taken;
    there += bytes.subarray(0, taken).toString();
    return taken;
  };
  const line = (fields: object, msg: string) => `${JSON.stringify({ ...fields, msg })}\n`;
  const log = new LogFile('x.log', line, (text) => void told.push(text), append);
  return {
    told,
    say: (msg: string) => log.write(line({}, msg)),
    free: () => {
      room = Number.POSITIVE_INFINITY;
    },
    lines: () =>
      there
        .split('\n')
        .slice(0, -1)
        .map((one) => JSON.parse(one) as { msg: string; lost?: number }),
  };
}

test('lines that find no room are counted and told once, and the first that does says how many are missing', () => {
  const { say, free, lines, told } = disk(Buffer.byteLength('{"msg":"one"}\n'));
  for (const msg of ['one', 'two', 'three']) say(msg);
  expect(told).toEqual([expect.stringContaining('ENOSPC')]);
  free();
  for (const msg of ['four', 'five']) say(msg);
  expect(lines()).toEqual([
    { msg: 'one' },
    { lost: 2, msg: 'lines of the log were lost' },
    { msg: 'four' },
    { msg: 'five' },
  ]);
});

test('a line that was begun when the room ended is finished when there is some, wherever it ended', () => {
  for (let room = 0; room <= 60; room += 1) {
    const { say, free, lines } = disk(room);
    for (const msg of ['one', 'two', 'three', 'four']) say(msg);
    free();
    say('five');
    const lost = lines().reduce((sum, one) => sum + (one.lost ?? 0), 0);
    const there = lines().filter((one) => one.lost === undefined);
    expect(there.length + lost).toBe(5);
    expect(there.at(-1)).toEqual({ msg: 'five' });
  }
});
