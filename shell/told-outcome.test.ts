import { expect, test } from 'vitest';
import { ShellError } from './errors.ts';
import { RecordedError } from './journal/errors.ts';
import { outcomeOf } from './told-outcome.ts';

const tenant = 'abcdefghijkl';
const of = (code: string, detail: string) => Object.assign(new Error(detail), { code });

test.each([
  [
    new RecordedError('record_failed', 'the journal in /srv/picket/journal cannot be written'),
    'record_failed',
  ],
  [new RecordedError('record_unreachable', 'core_1 (10.0.0.2:7400) does not answer'), 'record_unreachable'],
  [of('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.9:5432'), 'command_failed'],
  [new TypeError("Cannot read properties of undefined (reading 'ann')"), 'command_failed'],
  [of('query_failed', 'permission denied for 10.0.0.9'), 'query_failed'],
])('what went wrong in a node is told to an operator of one tenant by its code: %s', (error, code) => {
  const told = outcomeOf(error, tenant);
  expect(told.code).toBe(code);
  expect(told.detail).not.toMatch(/srv|10\.0|'ann'|core_1/);
  expect(outcomeOf(error, null)).toEqual({ code, detail: error.message });
});

test('what the line did wrong is told as it is', () => {
  const error = new ShellError('no_such_actor', 'there is no actor "x" for this session');
  expect(outcomeOf(error, tenant)).toEqual({ code: 'no_such_actor', detail: error.message });
});
