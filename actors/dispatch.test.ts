import { expect, test } from 'vitest';
import { type Candidate, chooseAgent, choosePoller } from './dispatch.ts';

function candidate(name: string, given: Partial<Candidate> = {}): Candidate {
  return { name, status: 'available', partitions: [], capabilities: ['tcp'], load: 0, ...given };
}

const wanted = { partition: 'default', kind: 'tcp' };

test('the least loaded poller is chosen, by name where loads are equal', () => {
  expect(choosePoller([candidate('b'), candidate('a'), candidate('c', { load: 1 })], wanted, null)).toEqual({
    chosen: 'a',
  });
  expect(choosePoller([candidate('a', { load: 2 }), candidate('b', { load: 1 })], wanted, null)).toEqual({
    chosen: 'b',
  });
});

test('a poller that drains or serves another partition is none', () => {
  const others = [candidate('a', { status: 'draining' }), candidate('b', { partitions: ['plant'] })];
  expect(choosePoller(others, wanted, null)).toEqual({ refused: 'no_poller' });
  expect(choosePoller(others, { ...wanted, partition: 'plant' }, null)).toEqual({ chosen: 'b' });
});

test('an agent is chosen by what it can run, and the one that just failed only when there is no other', () => {
  const agents = [
    candidate('a', { status: 'connected', capabilities: ['http'] }),
    candidate('b', { status: 'connected' }),
    candidate('c', { status: 'connected', load: 5 }),
  ];
  expect(chooseAgent(agents, wanted, null)).toEqual({ chosen: 'b' });
  expect(chooseAgent(agents, wanted, 'b')).toEqual({ chosen: 'c' });
  expect(chooseAgent(agents.slice(0, 2), wanted, 'b')).toEqual({ chosen: 'b' });
  expect(chooseAgent(agents.slice(0, 1), wanted, null)).toEqual({ refused: 'no_capable_agent' });
  expect(chooseAgent([candidate('a', { status: 'busy' })], wanted, null)).toEqual({ refused: 'no_agent' });
});
