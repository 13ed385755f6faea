/** Reads the interface table of an update: what of it is evidence, and all of it as text. Throws `Bad`. */
import { macClass } from './identifier-rules.ts';
import { inOrder } from './in-order.ts';
import { type InterfaceEntry, interfaceEntry, tableText } from './interface-table.ts';
import { identityLimits as limits } from './limits.ts';
import { addressOf, macOf } from './normal-forms.ts';
import { Bad, text, trimmedOf } from './update-text.ts';

export interface Table {
  macs: readonly string[];
  ips: readonly string[];
  text: string | null;
}

const noTable: Table = { macs: [], ips: [], text: null };

/** Each once and in order; of MACs those that may identify or are locally administered. */
export function interfacesOf(said: unknown): Table {
  if (said === undefined || said === null) return noTable;
  if (!Array.isArray(said)) throw new Bad('interfaces_is_no_list');
  if (said.length > limits.interfacesMax) throw new Bad('too_many_interfaces');
  const macs: string[] = [];
  const ips: string[] = [];
  const entries: InterfaceEntry[] = [];
  for (const one of said) {
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      throw new Bad('interface_is_no_object');
    const fields = one as Record<string, unknown>;
    // An interface without a MAC of six bytes (a tunnel, Infiniband) is no error: it claims nothing.
    const mac = macOf(text(fields.mac, 'mac') ?? '');
    if (mac !== null && macClass(mac) !== 'nobody') macs.push(mac);
    const addresses = fields.ips ?? noTable.ips;
    if (!Array.isArray(addresses)) throw new Bad('interface_ips_is_no_list');
    const from = ips.length;
    for (const address of addresses) {
      if (typeof address !== 'string') throw new Bad('interface_ip_is_no_address');
      const canonical = addressOf(trimmedOf(address)) ?? addressOf(address.trim().replace(/\/\d+$/, ''));
      if (canonical !== null) ips.push(canonical);
    }
    const entry = interfaceEntry(fields.name, mac, ips.slice(from));
    if (entry !== null) entries.push(entry);
  }
  return { macs: inOrder(macs), ips: inOrder(ips), text: tableText(entries) };
}
