/**
 * The people of the made-up customers, at addresses that are nobody's (RFC 2606). Sealed like everybody's, so they come by
 * the way that everybody comes by, after their tenant: those that are there already stay as they are.
 */
import type { Store } from '../../store/index.ts';
import { customers } from './sites.ts';

/** Answers how many users the tenant has by then, archived ones included. */
export async function seedUsers(users: Store['users'], slug: string, tenantId: string): Promise<number> {
  const customer = customers.find((one) => one.slug === slug);
  const there = new Set((await users.list(tenantId, true)).map(({ email }) => email));
  for (const { name, role, phone } of customer?.people ?? []) {
    const email = `${name.toLowerCase().replaceAll(' ', '.')}@${customer!.domain}`;
    if (there.has(email)) continue;
    await users.add(
      tenantId,
      { name, email, role, ...(phone === null ? {} : { contact: { phone } }) },
      'seed',
      null,
    );
    there.add(email);
  }
  return there.size;
}
