/** What flows and what is asked of the database, as an operator sees both of a running cluster. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CheckRow, type Cluster, cluster } from './picket.ts';

let picket: Cluster;
beforeAll(async () => {
  picket = await cluster('core=1,web=1,poller=1,agent=1');
  await picket.up();
});
afterAll(() => picket.close());

interface LoadRow {
  node: string;
  pools: { pool: string; turns: number }[];
  statements: { name: string; as: string; count: number }[];
}

test('roll-ups are asked for by span, of a check that there is, and not with what they do not have', async () => {
  const [check] = await picket.ask<CheckRow[]>('check', 'list');
  expect(await picket.ask('results', '--check', check!.id, '--by', 'day')).toEqual([]);
  expect((await picket.run('results', '--by', 'week')).status).toBe(2);
  expect((await picket.run('results', '--by', 'hour', '--gaps')).status).toBe(2);
  expect((await picket.run('results', '--check', 'chk_nothing', '--by', 'hour')).err).toMatch(
    /no_such_check/,
  );
});

test('how long streams are kept is shown and set, and what cannot be is refused', async () => {
  const keep = await picket.ask<{ rolled_to: string; streams: { stream: string; kept_days: number }[] }>(
    'db',
    'retention',
    '--keep',
    'results=14',
    'rollup_hour=200',
  );
  expect(Date.parse(keep.rolled_to)).toBeGreaterThan(0);
  expect(Object.fromEntries(keep.streams.map((row) => [row.stream, row.kept_days]))).toEqual({
    results: 14,
    rollup_minute: 60,
    rollup_hour: 200,
    rollup_day: 3650,
  });
  for (const wrong of ['results=0', 'gaps=3', 'results']) {
    expect((await picket.run('db', 'retention', '--keep', wrong)).status).toBe(2);
  }
});

test('a core and a web node say what they ask of the database, and how the server goes about it', async () => {
  for (const node of ['core_1', 'web_1']) {
    const load = await picket.ask<LoadRow>('db', 'load', '--node', node);
    expect(load.node).toBe(node);
    expect(load.pools.map(({ pool }) => pool)).toEqual(['control', 'queries']);
    expect(load.statements.length).toBeGreaterThan(0);
    const explained = await picket.ask<{ plan: string[]; refused: string | null }[]>(
      'db',
      'explain',
      '--node',
      node,
      '--top',
      '1',
    );
    expect(explained).toHaveLength(1);
    expect(explained[0]!.plan.length).toBeGreaterThan(0);
  }
  const { statements } = await picket.ask<LoadRow>('db', 'load', '--node', 'core_1');
  expect(statements.some(({ as, name }) => as === 'writer' && name.startsWith('insert'))).toBe(true);
});
