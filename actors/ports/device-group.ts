/**
 * Groups of devices, and what may be done to them: pure, judged from what the store has. A device is in a group when its own id was
 * put in, or an id that is merged into it. Instants are Unix milliseconds on the database's clock.
 */
export interface NewDeviceGroup {
  /** In its normal form (see `new-device-group.ts`). */
  readonly name: string;
  readonly description: string | null;
}

export interface DeviceGroup extends NewDeviceGroup {
  readonly createdAtMs: number;
  /** Who made it. */
  readonly who: string;
}

export interface CountedDeviceGroup extends DeviceGroup {
  /** Those that live. */
  readonly devices: number;
  /** Those that are decommissioned and not removed yet. */
  readonly archived: number;
}

export interface DeviceGroupRefused {
  readonly refused:
    | 'group_exists'
    | 'no_such_group'
    | 'too_many_groups'
    | 'too_many_members'
    | 'no_such_device';
  readonly detail: string;
}

/** Of one tenant. */
export interface DeviceGroupBounds {
  readonly groupsMax: number;
  /** Ids in all groups together, one in two groups twice. */
  readonly membersMax: number;
  /** Groups that one id may be put into. */
  readonly groupsOfIdMax: number;
}

export interface GroupFacts {
  /** The name of the group that this would be; null: there is none. */
  readonly name: string | null;
  /** Groups of the tenant. */
  readonly groups: number;
}

export interface MembershipFacts {
  /** As the group is called; null: there is none. */
  readonly name: string | null;
  /** Ids in all groups of the tenant. */
  readonly members: number;
  /** Each that was asked for, once. */
  readonly ids: readonly MemberFacts[];
}

export interface MemberFacts {
  readonly id: string;
  readonly isKnown: boolean;
  /** It was put in itself. */
  readonly isIn: boolean;
  /** An id that is merged into it was. */
  readonly isInByMerge: boolean;
  /** Groups that it was put into itself. */
  readonly groups: number;
}

/** Composed and without case: names that differ in nothing else are one. */
export function groupKey(name: string): string {
  return name.trim().normalize('NFC').toLowerCase().normalize('NFC');
}

/** Null: it may be made. */
export function judgeAdd(facts: GroupFacts, { groupsMax }: DeviceGroupBounds): DeviceGroupRefused | null {
  if (facts.name !== null)
    return { refused: 'group_exists', detail: `the tenant has a group "${facts.name}": take another name` };
  if (facts.groups < groupsMax) return null;
  return {
    refused: 'too_many_groups',
    detail: `a tenant has at most ${groupsMax} groups: nothing was added`,
  };
}

/** Which ids are to be put in that are not; or why none is. */
export function judgePut(
  asked: string,
  facts: MembershipFacts,
  { membersMax, groupsOfIdMax }: DeviceGroupBounds,
): { ids: string[] } | DeviceGroupRefused {
  const unfit = judgeKnown(asked, facts);
  if (unfit !== null) return unfit;
  const fresh = facts.ids.filter(({ isIn }) => !isIn);
  const full = fresh.find(({ groups }) => groups >= groupsOfIdMax);
  if (full !== undefined)
    return tooMany(`device ${full.id} is in ${full.groups} groups, and may be in ${groupsOfIdMax}`);
  if (fresh.length > 0 && facts.members + fresh.length > membersMax)
    return tooMany(
      `a tenant's groups have at most ${membersMax} devices together, and have ${facts.members}`,
    );
  return { ids: fresh.map(({ id }) => id) };
}

/** Which devices are to be taken out that are in it; or why none is. */
export function judgeTake(asked: string, facts: MembershipFacts): { ids: string[] } | DeviceGroupRefused {
  const unfit = judgeKnown(asked, facts);
  if (unfit !== null) return unfit;
  return { ids: facts.ids.filter(({ isIn, isInByMerge }) => isIn || isInByMerge).map(({ id }) => id) };
}

export function noSuchGroup(asked: string): DeviceGroupRefused {
  return { refused: 'no_such_group', detail: `there is no group "${asked}": see picket device group list` };
}

function judgeKnown(asked: string, { name, ids }: MembershipFacts): DeviceGroupRefused | null {
  if (name === null) return noSuchGroup(asked);
  const [first, ...others] = ids.filter(({ isKnown }) => !isKnown);
  if (first === undefined) return null;
  const more = others.length === 0 ? '' : ` (and ${others.length} more of those named)`;
  const detail = `there is no device "${first.id}"${more}: see picket device list; nothing was changed`;
  return { refused: 'no_such_device', detail };
}

function tooMany(why: string): DeviceGroupRefused {
  return { refused: 'too_many_members', detail: `${why}: nothing was changed` };
}
