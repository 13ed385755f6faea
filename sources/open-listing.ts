/** From a source's settings and what opens it to a listing of it: the one place that knows all kinds. */
import { armisAuthorize, armisDialect } from './armis/dialect.ts';
import { isFault, type SourceFault } from './errors.ts';
import { type Listing, type ListingNeeds, list } from './listing.ts';
import { netboxAuthorize, netboxDialect } from './netbox/dialect.ts';
import { judgeCredentials, judgeSettings, type SourceSettings } from './settings.ts';

/** Nothing is asked of the other side before the first chunk is. */
export function openListing(
  given: SourceSettings,
  credentials: string | null,
  needs: ListingNeeds,
): Listing | SourceFault {
  const settings = judgeSettings(given);
  if (isFault(settings)) return settings;
  const secret = judgeCredentials(credentials);
  if (typeof secret !== 'string') return secret;
  const listedAt = new Date(needs.clock.wallMs()).toISOString();
  if (settings.kind === 'netbox')
    return list(
      netboxDialect(settings, listedAt),
      { authorize: netboxAuthorize(secret), renews: false },
      settings,
      needs,
    );
  const dialect = armisDialect(settings, listedAt, needs.known.size > 0);
  return list(dialect, { authorize: armisAuthorize(settings, secret), renews: true }, settings, needs);
}
