/** From the driver's errors and values to ours. */
import { expect, test } from 'vitest';
import { StoreError } from './errors.ts';
import { toStoreError } from './pg-errors.ts';
import { parseInstant } from './pool.ts';

const withCode = (code: string) => Object.assign(new Error('as the driver says it'), { code });

test.each([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  '08006',
  '57P01',
  '57P03',
  '57014',
  '53300',
  '53100',
  '40P01',
  '55P03',
  '25006',
])('%s means that the database is away for now, and keeps its cause', (code) => {
  const cause = withCode(code);
  expect(toStoreError(cause)).toMatchObject({ code: 'store_unavailable', cause });
});

test.each([
  'Connection terminated unexpectedly',
  'timeout exceeded when trying to connect',
  'Query read timeout',
])('"%s" means the same', (message) => {
  expect(toStoreError(new Error(message)).code).toBe('store_unavailable');
});

test.each([
  ['28P01', 'access_denied'],
  ['3D000', 'access_denied'],
  ['42601', 'query_failed'],
  ['23505', 'query_failed'],
])('%s means %s', (code, expected) => {
  expect(toStoreError(withCode(code)).code).toBe(expected);
});

test('an error of ours stays what it is', () => {
  const error = new StoreError('session_lost', 'x');
  expect(toStoreError(error)).toBe(error);
});

test('instants are read to the millisecond, and nonsense is not read at all', () => {
  expect(parseInstant('2026-11-21 08:03:58.082+00')).toBe(Date.UTC(2026, 10, 21, 8, 3, 58, 82));
  expect(parseInstant('2026-11-21 08:03:58.082999+00')).toBe(Date.UTC(2026, 10, 21, 8, 3, 58, 82));
  expect(parseInstant('1999-12-31 23:59:59+00')).toBe(Date.UTC(1999, 11, 31, 23, 59, 59));
  expect(() => parseInstant('infinity')).toThrow(StoreError);
});
