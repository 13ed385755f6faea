/** One root takes the other's place in a cluster that runs: both are trusted for a while, and no link is lost by it. */
import { afterEach, expect, test } from 'vitest';
import { type Authority, createAuthority, issueNode } from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import { type RunningNode, startNode } from './index.ts';

const clock = systemClock();
const listen = '127.0.0.1:0';
const running: RunningNode[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

test('a cluster goes from one root to another without losing a link, and then the old one counts no more', async () => {
  const before = await createAuthority('example.org', clock);
  const after = await createAuthority('example.org', clock);
  const lines: { message: string; code: unknown }[] = [];
  const log = (_level: string, message: string, { code }: Record<string, unknown>) =>
    void lines.push({ message, code });
  const lost = () => lines.filter(({ message }) => message === 'link ended');
  const issued = async (by: Authority, name: string, roots: readonly Authority[]) => ({
    ...(await issueNode(by, { role: 'core', name }, clock)),
    rootsPem: roots.map(({ root }) => root.certificatePem).join(''),
  });
  const start = async (name: string, by: Authority, roots: readonly Authority[], seeds: string[] = []) => {
    const node = await startNode({ credential: await issued(by, name, roots), listen, seeds, log });
    running.push(node);
    return node;
  };
  const seen = (node: RunningNode, count: number) =>
    expect.poll(() => node.members.live('core').length, { timeout: 20_000 }).toBe(count);
  const proven = (count: number) =>
    expect
      .poll(() => lines.filter(({ message }) => message === 'peer renewed its certificate').length, {
        timeout: 20_000,
      })
      .toBeGreaterThanOrEqual(count);

  const a = await start('a', before, [before]);
  const b = await start('b', before, [before], [a.address]);
  await seen(a, 2);
  // First every node trusts both.
  for (const node of [a, b]) node.renew(await issued(before, node.node, [before, after]));
  await proven(2);
  // Then each gets a certificate of the new authority; one that comes has it already.
  const c = await start('c', after, [before, after], [a.address]);
  await seen(c, 3);
  for (const node of [a, b]) node.renew(await issued(after, node.node, [before, after]));
  await proven(6);
  // Last the old root goes, from all of them.
  for (const node of [a, b, c]) node.renew(await issued(after, node.node, [after]));
  await proven(12);
  await seen(b, 3);
  expect(lost().filter(({ code }) => !String(code).endsWith('duplicate_link'))).toEqual([]);

  await start('d', before, [before, after], [a.address]);
  await expect
    .poll(() => lines.filter(({ message, code }) => message === 'peer refused' && code !== undefined), {
      timeout: 20_000,
    })
    .toContainEqual({ message: 'peer refused', code: 'unknown_authority' });
  expect(a.members.live('core').sort()).toEqual(['a', 'b', 'c']);
}, 60_000);
