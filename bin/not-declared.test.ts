import { expect, test } from 'vitest';
import { notDeclared } from './not-declared.ts';

const member = (name: string, role: string, status = 'up') => ({
  name,
  role,
  status,
  address: `${name}:7400`,
});
const members = [
  member('core_1', 'core'),
  member('core_2', 'core', 'down'),
  member('agent_1', 'agent'),
  member('poller_1', 'poller'),
];
const told = (node: string, seen: typeof members | null = members) => {
  const { code, message, exitCode } = notDeclared('check_list', node, seen);
  expect([code, exitCode]).toEqual(['no_such_procedure', 1]);
  return message;
};

test('of a node that is no core it says what it is, and which cores to ask', () => {
  expect(told('agent_1')).toBe(
    'agent_1 does not answer "check_list": an agent does not have what is asked for. Name a core with --at: core_1 at core_1:7400',
  );
  expect(told('poller_1')).toContain('a poller does not have');
  expect(told('poller_1', members.slice(1))).toMatch(/Name a core with --at: none is up now$/);
});

test('of a core it says that it may have only begun', () => {
  expect(told('core_1')).toContain('it has only begun, or runs another version');
});

test('of a node that does not say who is there it says whom to ask', () => {
  for (const seen of [null, []]) expect(told('agent_1', seen)).toContain('name one with --at');
});
