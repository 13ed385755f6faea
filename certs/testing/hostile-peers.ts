/**
 * Every hostile row there is, in one list, so that no way of asking for the verdict (offline, on a link) can leave a
 * kind of them out. For tests only.
 */
import { hostileChains, hostileIntermediates } from './hostile-chains.ts';
import { hostileCircles } from './hostile-circles.ts';
import { hostileEncodings } from './hostile-encodings.ts';
import { hostileExtensions, hostileTypes } from './hostile-extensions.ts';
import { hostileForms, hostileKeys } from './hostile-forms.ts';
import { hostileIdentities } from './hostile-identities.ts';
import { type HostileRow, hostileIds, hostileLeaves, hostileNames } from './hostile-leaves.ts';
import { hostileLinks } from './hostile-links.ts';
import { hostileScopes } from './hostile-scopes.ts';

export const hostilePeers: readonly HostileRow[] = [
  ...hostileIds,
  ...hostileNames,
  ...hostileLeaves,
  ...hostileEncodings,
  ...hostileScopes,
  ...hostileIntermediates,
  ...hostileChains,
  ...hostileExtensions,
  ...hostileIdentities,
  ...hostileForms,
  ...hostileKeys,
  ...hostileTypes,
  ...hostileCircles,
  ...hostileLinks,
];
