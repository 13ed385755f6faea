import { expect, test } from 'vitest';
import {
  groupKey,
  judgeAdd,
  judgePut,
  judgeTake,
  type MemberFacts,
  type MembershipFacts,
} from './device-group.ts';

const bounds = { groupsMax: 2, membersMax: 5, groupsOfIdMax: 3 };
const id = (name: string, given: Partial<MemberFacts> = {}): MemberFacts => ({
  ...{ id: name, isKnown: true, isIn: false, isInByMerge: false, groups: 0, ...given },
});
const facts = (ids: MemberFacts[], given: Partial<MembershipFacts> = {}): MembershipFacts => ({
  ...{ name: 'DMZ', members: 0, ids, ...given },
});

test('names that differ in case, Unicode form or blanks around them are one', () => {
  for (const name of ['caf\u00e9', 'CAFE\u0301', ' Caf\u00c9\t'])
    expect(groupKey(name)).toBe(groupKey('cafe\u0301'));
  expect(groupKey('cafe')).not.toBe(groupKey('caf\u00e9'));
  expect(groupKey('a b')).not.toBe(groupKey('ab'));
});

test('a group is made unless there is one of its name, or as many as may be', () => {
  expect(judgeAdd({ name: null, groups: 1 }, bounds)).toBeNull();
  expect(judgeAdd({ name: 'DMZ', groups: 1 }, bounds)).toMatchObject({
    refused: 'group_exists',
    detail: expect.stringContaining('"DMZ"'),
  });
  expect(judgeAdd({ name: null, groups: 2 }, bounds)).toMatchObject({ refused: 'too_many_groups' });
});

test('what is in a group is not put in again, and only what is in it is taken out', () => {
  const ids = [
    id('own', { isIn: true, groups: 3 }),
    id('merged', { isInByMerge: true }),
    id('both', { isIn: true, isInByMerge: true, groups: 1 }),
    id('out'),
  ];
  expect(judgePut('dmz', facts(ids, { members: 3 }), bounds)).toEqual({ ids: ['merged', 'out'] });
  expect(judgeTake('dmz', facts(ids))).toEqual({ ids: ['own', 'merged', 'both'] });
});

test('of a call with an unknown id or an unknown group nothing is done', () => {
  for (const judge of [judgeTake, (name: string, given: MembershipFacts) => judgePut(name, given, bounds)]) {
    const unknown = ['x', 'y', 'z'].map((name) => id(name, { isKnown: false }));
    expect(judge('dmz', facts([id('a'), ...unknown]))).toMatchObject({
      refused: 'no_such_device',
      detail: expect.stringMatching(/"x" \(and 2 more of those named\).*nothing was changed/),
    });
    expect(judge('dmz', facts([unknown[0]!]))).toMatchObject({
      detail: expect.stringMatching(/"x": see picket device list/),
    });
    expect(judge('dmz', facts([id('a'), ...unknown], { name: null }))).toMatchObject({
      refused: 'no_such_group',
      detail: expect.stringContaining('"dmz"'),
    });
  }
});

test('no more are put in than a tenant may have, or than groups a device may be in; what is there already is no more', () => {
  const two = [id('a'), id('b')];
  expect(judgePut('dmz', facts(two, { members: 3 }), bounds)).toEqual({ ids: ['a', 'b'] });
  expect(judgePut('dmz', facts(two, { members: 4 }), bounds)).toMatchObject({
    refused: 'too_many_members',
    detail: expect.stringMatching(/at most 5 .* have 4: nothing was changed/),
  });
  expect(judgePut('dmz', facts([id('a', { isIn: true })], { members: 9 }), bounds)).toEqual({ ids: [] });
  const full = [id('a'), id('b', { groups: 3 })];
  expect(judgePut('dmz', facts(full), bounds)).toMatchObject({
    refused: 'too_many_members',
    detail: expect.stringMatching(/device b is in 3 groups, and may be in 3/),
  });
});
