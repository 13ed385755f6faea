import { expect, test } from 'vitest';
import type { LinkView } from '../cluster/index.ts';
import { answerRows } from './answer-rows.ts';
import { shortLinkColumns, wideLinkColumns } from './link-columns.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const link = (more: Partial<LinkView> = {}): LinkView => ({
  ...{ name: 'core_1', role: 'core', address: '10.200.130.110:57400', dialled: true, state: 'open' },
  ...{ since: new Date(nowMs - 90 * 60_000).toISOString(), boot: 1, rttMs: 12.3 },
  ...{ framesIn: 1_234_567, framesOut: 1_234_567, bytesIn: 987_654_321, bytesOut: 987_654_321 },
  ...{ partsIn: 0, partsOut: 0, refused: 0, queuedBytes: 0, retired: 0, tenant: null, fenced: {} },
  ...more,
});

async function shown(columns: ReturnType<typeof shortLinkColumns>, ...links: LinkView[]): Promise<string[]> {
  let text = '';
  for await (const piece of answerRows(links, { columns, json: () => ({}) }, false)) text += piece;
  return text.trimEnd().split('\n');
}

test('links fit into 100 columns, those of a tenant’s node and busy ones too', async () => {
  const tenant = 'abcdefghijkl';
  const fenced = { ...link({ name: `${tenant}.edge_1`, role: 'poller', tenant }), fenced: { kind: 12 } };
  const rows = await shown(shortLinkColumns(nowMs), link({ refused: 7 }), fenced as LinkView);
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(100);
  expect(rows[1]).toMatch(/^core_1 +core +open +us 10\.200\.130\.110:57400 +1h +12\.3 +\d+\/\d+ +7 refused$/);
  expect(rows[2]).toMatch(/ 12 fenced$/);
});

test('with --wide each figure has its column', async () => {
  const [head, row] = await shown(wideLinkColumns, link({ queuedBytes: 3, refused: 7 }));
  expect(head).toMatch(/FRAMES IN\/OUT +BYTES IN\/OUT +QUEUED +REFUSED +FENCED$/);
  expect(row).toMatch(/ 1234567\/1234567 +987654321\/987654321 +3 +7 +-$/);
});
