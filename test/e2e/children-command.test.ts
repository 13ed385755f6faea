/** `picket children` and `picket explain child` against two programs that run supervised children. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueNode, issueOperator, writeCredential } from '../../certs/index.ts';
import { type RunningNode, startNode } from '../../cluster/index.ts';
import { defineActor, systemClock } from '../../runtime/index.ts';
import { picket, until } from './picket.ts';

interface ChildView {
  id: string;
  kind: string;
  tenant: string | null;
  node: string | null;
  owner: string;
  state: string;
  restarts: number;
  reason: string | null;
  next_attempt_ms: number | null;
}

const waitMs = 30_000;
const tenant = 'k7mzq2wn5xjd';
const clock = systemClock();
const folder = mkdtempSync(join(tmpdir(), 'picket-children-'));
const nodes: RunningNode[] = [];
let at: string[] = [];

const meter = defineActor<
  null,
  { start: [fails: boolean]; call: Record<never, never>; cast: Record<never, never> }
>({
  name: 'meter',
  init(_self, fails) {
    if (fails) throw new Error('its device is away');
    return null;
  },
  call: {},
  cast: {},
});

beforeAll(async () => {
  const authority = await createAuthority('children.test', clock);
  for (const name of ['core_1', 'core_2']) {
    const credential = await issueNode(authority, { role: 'core', name }, clock);
    const seeds = nodes.map(({ address }) => address);
    const node = await startNode({ credential, listen: '127.0.0.1:0', seeds, log: () => {} });
    nodes.push(node);
    await node.supervisor.serve({ meter: { definition: meter } });
  }
  const ann = await issueOperator(authority, { name: 'ann', rights: ['read'] }, clock);
  at = ['--at', nodes[0]!.address, '--as', await writeCredential(folder, 'ann', ann)];
  const [node] = nodes;
  const start = (id: string, kind: string, fails: boolean, of?: string) =>
    node!.supervisor
      .start({ id, kind, role: 'core', args: [fails], ...(of !== undefined && { tenant: of }) })
      .then(() => null)
      .catch(({ code }: { code: string }) => code);
  for (let n = 0; n < 8; n += 1) expect(await start(`meter ${n}`, 'meter', false)).toBe(null);
  expect(await start('of a tenant', 'meter', false, tenant)).toBe(null);
  for (let n = 0; n < 4; n += 1) expect(await start(`broken ${n}`, 'meter', true)).toBe('child_failed');
  expect(await start('strange', 'barometer', false)).toBe('unknown_kind');
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const children = async (...flags: string[]) => {
  const { status, out, err } = await picket('children', '--json', ...flags, ...at);
  expect(status, err).toBe(0);
  return JSON.parse(out) as ChildView[];
};

describe('picket children', () => {
  test('tells of every child where it runs and in which state, also of those of other nodes', async () => {
    const all = await until('both nodes to have some', waitMs, async () => {
      const rows = await children();
      return new Set(rows.map(({ node }) => node)).has('core_2') && rows;
    });
    const running = all.filter(({ state }) => state === 'running');
    expect(running.map(({ id }) => id)).toEqual([
      ...Array.from({ length: 8 }, (_, n) => `meter ${n}`),
      'of a tenant',
    ]);
    expect(running.every(({ node, owner, restarts }) => node === owner && restarts === 0)).toBe(true);
    expect(all.find(({ id }) => id === 'of a tenant')).toMatchObject({ tenant, kind: 'meter' });
    const failed = all.filter(({ id }) => id.startsWith('broken'));
    // Those that are just being tried again are not failed in that moment.
    expect(failed).toHaveLength(4);
    for (const child of failed) {
      expect(child.reason).toContain('its device is away');
      expect(child.restarts).toBeGreaterThan(3);
    }
    expect(await children('--kind', 'barometer')).toMatchObject([
      {
        id: 'strange',
        node: null,
        state: 'unknown_kind',
        reason: expect.stringContaining('does not know the kind'),
      },
    ]);
  });

  test('prints a table, and only the state that is asked for', async () => {
    const { out, status } = await picket('children', '--state', 'unknown_kind', ...at);
    expect(status).toBe(0);
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(head).toMatch(/^ID +KIND +TENANT +NODE +OWNER +STATE +RESTARTS +NEXT +REASON$/);
    expect(rows).toHaveLength(1);
  });

  test('explain child says why one is where it is, whichever node is asked', async () => {
    const [one] = (await children()).filter(({ id, owner }) => id.startsWith('broken') && owner === 'core_2');
    const subject = one?.id ?? 'broken 0';
    const { out, status, err } = await picket('explain', 'child', subject, '--json', ...at);
    expect(status, err).toBe(0);
    const told = JSON.parse(out) as { subject: string; restarts: number; because: string[] };
    expect(told.subject).toBe(`child ${subject}`);
    expect(told.because[0]).toMatch(/^it belongs on core_\d, the best placed of core_1, core_2$/);
    expect(told.because.at(-1)).toContain('its device is away');
    const unknown = await picket('explain', 'child', 'nobody', ...at);
    expect([unknown.status, unknown.err]).toEqual([1, expect.stringMatching(/^picket: no_such_child: /)]);
  });
});
