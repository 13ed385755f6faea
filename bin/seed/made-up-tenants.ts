/** The made-up customers as tenants that the store can plant. Their people come after them (`users.ts`). */
import type { SeedTenant } from '../../store/index.ts';
import { seedChecks } from './checks.ts';
import { seedDevices } from './devices.ts';
import { seedHistory } from './history.ts';
import { customers } from './sites.ts';

export const madeUpTenants: readonly SeedTenant[] = customers.map((customer) => ({
  slug: customer.slug,
  name: customer.name,
  plan: 'pro',
  devices: (window) => seedDevices(customer, window),
  checks: (window) => seedChecks(customer, window),
  history: (check, window) => seedHistory(customer, check, window),
}));
