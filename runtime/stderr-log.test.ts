import { expect, test } from 'vitest';
import { manualClock } from './clock.ts';
import { type StderrLogOptions, stderrLog } from './stderr-log.ts';

function lines(options: StderrLogOptions = {}) {
  const written: string[] = [];
  const log = stderrLog({ clock: manualClock(0), write: (line) => written.push(line), ...options });
  return { log, written };
}

test('warnings and errors are told with their time, one line each, and nothing below', () => {
  const { log, written } = lines();
  log('debug', 'looked', {});
  log('info', 'is up', {});
  log('warn', 'is down', { member: 'core_2', because: 'two\nlines' });
  log('error', 'crashed', { error: new Error('on purpose') });
  expect(written).toEqual([
    '1970-01-01T00:00:00.000Z warn is down {"member":"core_2","because":"two\\nlines"}',
    '1970-01-01T00:00:00.000Z error crashed {"error":"on purpose"}',
  ]);
});

test('the level can be changed', () => {
  const { log, written } = lines({ level: 'debug' });
  log('debug', 'looked', {});
  expect(written).toHaveLength(1);
});

test('fields that are no JSON harm nobody', () => {
  const { log, written } = lines();
  const loop: Record<string, unknown> = { big: 1n };
  log('warn', 'a', { ...loop });
  loop.self = loop;
  log('warn', 'b', loop);
  expect(written.map((line) => line.slice(25))).toEqual(['warn a {"big":"1"}', 'warn b big,self']);
});
