import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createAuthority, issueNode, revoke, writeAuthority, writeCredential } from '../certs/index.ts';
import { manualClock } from '../runtime/index.ts';
import { fateOf, requireSameBearer, revokedSerials } from './replaced-certificate.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const startMs = Date.UTC(2026, 5, 1);

async function scene() {
  const folder = mkdtempSync(join(tmpdir(), 'picket-replaced-'));
  folders.push(folder);
  const clock = { ...manualClock(), wallMs: () => startMs };
  const authority = await createAuthority('test.local', clock);
  const place = join(folder, 'authority');
  await writeAuthority(place, authority);
  const issue = () => issueNode(authority, { role: 'poller', name: 'p1' }, clock);
  await writeCredential(folder, 'p1', await issue());
  const replaced = (await requireSameBearer(folder, 'p1', await issue()))!;
  const told = (nowMs = startMs) => fateOf(replaced, place, authority, nowMs).replace(replaced.serial, 'S');
  return { authority, place, clock, replaced, told };
}

test('what was replaced stays good until it ends', async () => {
  const { told } = await scene();
  expect(told()).toMatch(/^it replaced serial S, which stays good until 2026-.+Z unless it is revoked$/);
  expect(told(startMs + 31 * 86_400_000)).toMatch(/^it replaced serial S, which ended at 2026-/);
});

test('what was revoked before is not said to stay good', async () => {
  const { told, place, replaced, clock } = await scene();
  await revoke(place, { serial: replaced.serial }, clock);
  expect(told()).toBe('it replaced serial S, which is revoked already');
  expect((await revokedSerials(place)).has(replaced.serial)).toBe(true);
});

test('what another authority signed is not said to stay good either', async () => {
  const { place, replaced, clock } = await scene();
  const other = await createAuthority('test.local', clock);
  expect(fateOf(replaced, place, other, startMs)).toMatch(/which is refused already \(unknown_authority: /);
});
