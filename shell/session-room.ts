/** May another session be opened here? Pure: who asks, and whose sessions are open or being opened. */
import { ShellError } from './errors.ts';
import {
  sessionsOfTenantsMax,
  sessionsPerNodeMax,
  sessionsPerOperatorMax,
  sessionsPerTenantMax,
} from './limits.ts';

export interface Occupant {
  /** The certificate. */
  readonly owner: string;
  readonly tenant: string | null;
}

/** Throws `too_many_sessions`. */
export function judgeRoom({ owner, tenant }: Occupant, all: readonly Occupant[]): void {
  const refuse = (detail: string) => new ShellError('too_many_sessions', `${detail}: end one`);
  const own = all.filter((one) => one.owner === owner).length;
  if (own >= sessionsPerOperatorMax) throw refuse(`this certificate has ${own} sessions here`);
  const ofTenant = all.filter((one) => tenant !== null && one.tenant === tenant).length;
  if (ofTenant >= sessionsPerTenantMax) throw refuse(`this tenant has ${ofTenant} sessions here`);
  const ofTenants = all.filter((one) => one.tenant !== null).length;
  // How many others there are is not for a tenant.
  if (tenant !== null && ofTenants >= sessionsOfTenantsMax) throw refuse('this node has no room for more');
  if (all.length >= sessionsPerNodeMax) throw refuse('this node has no room for more');
}
