import { expect, test } from 'vitest';
import { RuntimeError } from '../runtime/index.ts';
import { ClusterError } from './errors.ts';
import { isUnexpected, ProcedureError, withRequestId } from './procedure-error.ts';

const id = '0af7651916cd43dd8448eb211c80319c';

test('what is nobody’s mistake is told with the id of its request, and keeps its code', () => {
  const late = withRequestId(new RuntimeError('call_timeout', 'no reply in 5000 ms'), id);
  expect(late).toMatchObject({
    code: 'call_timeout',
    message: expect.stringContaining(`(request id ${id})`),
  });
  const thrown = withRequestId(new TypeError('undefined is not a function'), id);
  expect(thrown).toMatchObject({ code: 'procedure_failed', message: expect.stringContaining(id) });
  // Once, though each node that it comes through would.
  expect(withRequestId(late, 'f'.repeat(32))).toBe(late);
});

test('a refusal says all that there is, and is told as it is', () => {
  for (const refused of [
    new ProcedureError('no_such_check', 'there is no check "x"'),
    new ClusterError('procedure_denied', '"y" is not for operator identities'),
  ]) {
    expect([withRequestId(refused, id), isUnexpected(refused)]).toEqual([refused, false]);
  }
});
