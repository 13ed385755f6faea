/**
 * A device update as the reconciler reads it, one JSON object: what a source says of one device at one time. The shape of
 * the truth that is made here and of what the ways of deciding are given; nothing is checked, for it is ours.
 */

export interface InterfaceRow {
  readonly name: string;
  readonly mac?: string;
  readonly ips?: readonly string[];
}

export interface DeviceUpdate {
  readonly device_id?: string;
  readonly ip?: string;
  readonly mac?: string;
  readonly hostname?: string;
  /** Absent: `default`, or what stands before the colon of a `device_id` like `north:10.0.0.1`. */
  readonly partition?: string;
  readonly source: string;
  /** RFC 3339 with milliseconds. */
  readonly timestamp: string;
  readonly is_available?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly agent_id?: string;
  readonly poller_id?: string;
  readonly confidence?: number;
  readonly service_type?: string;
  readonly service_id?: string;
  readonly interfaces?: readonly InterfaceRow[];
}

/** An update and what only the maker of the truth knows: which device it is of. */
export interface Sighting {
  /** Tenants are told apart by number; their addresses, ids and MACs overlap on purpose. */
  readonly tenant: number;
  /** The true device, numbered over all tenants. */
  readonly device: number;
  readonly round: number;
  /** The source says that the device is gone. */
  readonly isRetraction: boolean;
  readonly update: DeviceUpdate;
}
