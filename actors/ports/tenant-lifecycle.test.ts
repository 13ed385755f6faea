import { expect, test } from 'vitest';
import { refusalText } from './lifecycle.ts';
import { isRun, type TenantEvent, tenantLife } from './tenant-lifecycle.ts';
import type { TenantStatus } from './tenant-store.ts';

const states: TenantStatus[] = ['provisioning', 'active', 'failed', 'suspended', 'cancelled'];

test('a tenant goes exactly the ways that are drawn for it', () => {
  const ways = states.flatMap((state) =>
    tenantLife.events.flatMap((event) => {
      const step = tenantLife.next(state, event);
      return 'to' in step ? [`${event}: ${state} -> ${step.to}`] : [];
    }),
  );
  expect(ways.sort()).toEqual([
    'activate: suspended -> active',
    'cancel: active -> cancelled',
    'cancel: suspended -> cancelled',
    'fail: provisioning -> failed',
    'provisioned: provisioning -> active',
    'retry: failed -> provisioning',
    'suspend: active -> suspended',
  ]);
});

test.each(states)('what is refused of a tenant that is %s names every event that is not', (state) => {
  const allowed = tenantLife.allowed(state);
  for (const event of tenantLife.events) {
    const step = tenantLife.next(state, event as TenantEvent);
    if (allowed.includes(event)) expect(step).toHaveProperty('to');
    else expect(step).toEqual({ refused: 'bad_transition', allowed });
  }
});

test('a refusal says where it is, what was asked and what may be', () => {
  expect(refusalText('tenant acme', 'suspended', 'suspend', tenantLife.allowed('suspended'))).toBe(
    'tenant acme is suspended: it cannot be changed by "suspend"; allowed now: activate, cancel',
  );
  expect(refusalText('tenant acme', 'cancelled', 'retry', [])).toMatch(/nothing changes it any more$/);
});

test('actors run for active and suspended tenants alone', () => {
  expect(states.filter(isRun)).toEqual(['active', 'suspended']);
});
