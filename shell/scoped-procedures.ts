/**
 * What the shell may ask for in the name of an operator of one tenant, whatever its commands do: procedures whose argument
 * names the tenant, which is then the operator's own and no other. What is not here is refused, so that a command that
 * forgets its scope shows nothing. One line for each.
 */

const ofTenant = (argument: unknown, tenant: string): unknown => ({ ...(argument as object), tenant });

/** From what the command asks, to what is asked. */
export const scopedProcedures: Readonly<Record<string, (argument: unknown, tenant: string) => unknown>> = {
  tenant_show: ofTenant,
  check_list: ofTenant,
  explain_check: ofTenant,
  agents_list: ofTenant,
  agents_show: ofTenant,
};
