import { expect, test } from 'vitest';
import { type PackageState, packageLife } from './package-lifecycle.ts';

test.each<[PackageState, Record<string, PackageState>]>([
  ['issued', { deliver: 'delivered', revoke: 'revoked', expire: 'expired', soft_delete: 'deleted' }],
  ['delivered', { activate: 'activated', revoke: 'revoked', expire: 'expired', soft_delete: 'deleted' }],
  ['activated', { revoke: 'revoked', soft_delete: 'deleted' }],
  ['revoked', { soft_delete: 'deleted' }],
  ['expired', { soft_delete: 'deleted' }],
  ['deleted', {}],
])('a package that is %s goes only the drawn ways', (state, ways) => {
  const found = packageLife.events.flatMap((event) => {
    const step = packageLife.next(state, event);
    return 'to' in step ? [[event, step.to]] : [];
  });
  expect(Object.fromEntries(found)).toEqual(ways);
});
