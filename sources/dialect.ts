/**
 * How one kind of system is listed: what is asked for, what an answer says, what a device is there. Pure but for `authorize`.
 * A client is a dialect; paging, retries, deadlines and retraction are the same for all (`listing.ts`).
 */
import type { DeviceUpdate, ExternalIdKey } from './device-update.ts';
import type { SourceFault } from './errors.ts';

/** A page, or devices by their ids: a path with its query behind the endpoint. */
export interface PageAsk {
  readonly url: URL;
}

export interface ListedDevice {
  readonly id: string;
  readonly update: DeviceUpdate;
}

export interface PageRead {
  readonly devices: readonly ListedDevice[];
  /** Entries that name no device. */
  readonly bad: number;
  /** How many devices the system says to have; null: it does not say. */
  readonly total: number | null;
  readonly next: PageAsk | null;
}

/** Asks one question with everything that makes it reliable; the answer's body, or why there is none. */
export type Ask = (ask: PageAsk) => Promise<{ readonly body: unknown } | SourceFault>;

export interface Dialect {
  readonly source: 'armis' | 'netbox';
  readonly idKey: ExternalIdKey;
  readonly first: PageAsk;
  /** `isKnown`: the last complete listing had it. */
  read(body: unknown, asked: PageAsk, isKnown: (id: string) => boolean): PageRead | SourceFault;
  /** These and no others. */
  byIds(ids: readonly string[]): PageAsk;
  /** What a page does not say and is asked for beside it; null: nothing. */
  readonly complete:
    | ((devices: readonly ListedDevice[], ask: Ask) => Promise<readonly ListedDevice[] | SourceFault>)
    | null;
}

/** What opens the other side. */
export interface Authorization {
  /** The headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a client comes by its authorization: Armis asks for a token, NetBox has one. */
export type Authorize = (
  ask: (url: URL, form: string) => Promise<{ readonly body: unknown } | SourceFault>,
) => Promise<Authorization | SourceFault>;
