/**
 * Groups of a tenant's devices, in its schema under its role. A change is judged from one look at what is there and written only while
 * nobody changed any group since, on the row that all who change devices lock first; each is noted in the same statement.
 */
import {
  type CountedDeviceGroup,
  type DeviceGroup,
  type DeviceGroupBounds,
  type DeviceGroupRefused,
  type GroupFacts,
  groupKey,
  judgeAdd,
  judgePut,
  judgeTake,
  type MembershipFacts,
  noSuchGroup,
} from '../actors/ports/device-group.ts';
import type { DeviceGroupStore, MembersChanged } from '../actors/ports/device-group-store.ts';
import { plainOrNull, plainText } from './audit-text.ts';
import { assertWhole, textColumn } from './columns.ts';
import * as sql from './device-group-sql.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import { sqlStateOf } from './pg-errors.ts';
import { atNewest } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

const bounds: DeviceGroupBounds = {
  groupsMax: limits.deviceGroupsPerTenantMax,
  membersMax: limits.deviceGroupMembersMax,
  groupsOfIdMax: limits.groupsPerDeviceMax,
};

type Columns = Record<string, unknown>;
type Ask = <Row extends Columns>(text: string, values: readonly Parameter[]) => Promise<Row[]>;

interface GroupColumns extends Columns {
  name: string;
  description: string | null;
  created_at: number;
  who: string;
}

interface CountedColumns extends GroupColumns {
  devices: number;
  archived: number;
}

export function createDeviceGroups(db: Database): DeviceGroupStore {
  const askOf =
    (tenantId: string): Ask =>
    (text, values) =>
      atNewest('groups of devices', () => db.asTenant(tenantId, (unit) => unit.query(text, values)));
  return {
    add(tenantId, { name, description }, by) {
      const ask = askOf(tenantId);
      const values = [keyOf(name), plainText(name), plainOrNull(description), plainText(by)];
      return settled(async () => {
        const { version, ...facts } = await factsOf(ask, name);
        const refused = judgeAdd(facts, bounds);
        if (refused !== null) return refused;
        const [row] = await ask<GroupColumns>(sql.insert, [version, ...values]);
        return row === undefined ? null : { group: toGroup(row) };
      });
    },
    remove(tenantId, name, by) {
      const ask = askOf(tenantId);
      return settled(async () => {
        const { version } = await factsOf(ask, name);
        const [row] = await ask<CountedColumns>(sql.countOne, [keyOf(name)]);
        if (row === undefined) return noSuchGroup(name);
        const group = toCounted(row);
        const noted = `it had ${group.devices + group.archived} devices`;
        const gone = await ask(sql.remove, [version, keyOf(name), plainText(by), noted]);
        return gone.length === 0 ? null : { group };
      });
    },
    async list(tenantId) {
      return (await askOf(tenantId)<CountedColumns>(sql.countAll, [])).map(toCounted);
    },
    async find(tenantId, name) {
      return (await factsOf(askOf(tenantId), name)).name;
    },
    put: (tenantId, name, ids, by) =>
      changeMembers(askOf(tenantId), name, ids, by, sql.put, (facts) => judgePut(name, facts, bounds)),
    take: (tenantId, name, ids, by) =>
      changeMembers(askOf(tenantId), name, ids, by, sql.take, (facts) => judgeTake(name, facts)),
    async of(tenantId, ids) {
      assertWhole(ids.length, 'devices at once', 0, limits.devicesPerQueryMax);
      type Row = { id: string; groups: string[] };
      const rows = await askOf(tenantId)<Row & Columns>(sql.groupsOf, [textColumn(ids)]);
      return new Map(rows.map(({ id, groups }) => [id, groups]));
    },
  };
}

/** Null: another change came between, and what was judged is to be judged anew. */
async function settled<T>(attempt: () => Promise<T | null>): Promise<T> {
  for (let at = 0; at < limits.groupAttemptsMax; at += 1) {
    const answer = await attempt().catch((error: unknown) => {
      // A device was removed since: it is unknown the next time.
      if (error instanceof StoreError && sqlStateOf(error.cause) === '23503') return null;
      throw error;
    });
    if (answer !== null) return answer;
  }
  throw new StoreError('store_unavailable', 'groups of devices keep changing: nothing was changed');
}

async function factsOf(ask: Ask, name: string): Promise<GroupFacts & { version: number }> {
  const [row] = await ask<GroupFacts & { version: number } & Columns>(sql.groupFacts, [keyOf(name)]);
  return row!;
}

async function changeMembers(
  ask: Ask,
  name: string,
  deviceIds: readonly string[],
  by: string,
  text: string,
  judge: (facts: MembershipFacts) => { ids: string[] } | DeviceGroupRefused,
): Promise<MembersChanged | DeviceGroupRefused> {
  const asked = [...new Set(deviceIds)];
  assertWhole(asked.length, 'devices in one change', 1, limits.devicesPerGroupChangeMax);
  const key = keyOf(name);
  return await settled(async () => {
    const rows = await ask<MemberColumns>(sql.memberFacts, [key, textColumn(asked)]);
    const { version, group, members } = rows[0]!;
    const judged = judge({ name: group, members, ids: rows.map(toFacts) });
    if ('refused' in judged) return judged;
    if (judged.ids.length === 0) return { group: group!, changed: 0 };
    const values = [version, key, textColumn(judged.ids), plainText(by), group];
    const [row] = await ask<{ changed: number; is_ours: boolean }>(text, values);
    return row!.is_ours ? { group: group!, changed: row!.changed } : null;
  });
}

interface MemberColumns extends Columns {
  version: number;
  group: string | null;
  members: number;
  id: string;
  is_known: boolean;
  is_in: boolean;
  is_in_by_merge: boolean;
  groups: number;
}

function toFacts({ id, groups, ...row }: MemberColumns): MembershipFacts['ids'][number] {
  return { id, groups, isKnown: row.is_known, isIn: row.is_in, isInByMerge: row.is_in_by_merge };
}

function keyOf(name: string): string {
  return plainText(groupKey(name));
}

function toGroup({ name, description, created_at, who }: GroupColumns): DeviceGroup {
  return { name, description, createdAtMs: created_at, who };
}

function toCounted({ devices, archived, ...row }: CountedColumns): CountedDeviceGroup {
  return { ...toGroup(row as GroupColumns), devices, archived };
}
