/**
 * What one grouping looks at, in the order in which it was reached, each piece once and with a number: what is found out on the way
 * stands in lists by that number. Numbers are marks on the evidence, good until the next grouping begins. Decides nothing.
 */
import type { DeviceRecord } from './device-record.ts';
import type { Core, Evidence } from './evidence.ts';

export class Region {
  readonly evidence: readonly Evidence[];
  private readonly first: number;
  private readonly devices: (DeviceRecord | null)[] = [];

  /** `first`: the mark of the first, the others follow. */
  constructor(evidence: readonly Evidence[], first: number) {
    this.evidence = evidence;
    this.first = first;
    for (const { group } of evidence) this.devices.push(group === null ? null : group.device);
  }

  /** Of a core in it: less than there is evidence. */
  numberOf({ evidence }: Core): number {
    return evidence[0]!.mark - this.first;
  }

  /** Of which device it was when the region was made; null: of none, or it is not in it. */
  before({ mark }: Evidence): DeviceRecord | null {
    const at = mark - this.first;
    return at < 0 ? null : (this.devices[at] ?? null);
  }
}
