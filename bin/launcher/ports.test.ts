import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { portsFor } from './ports.ts';

test('a cluster that chooses its ports before those of another listen gets different ones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'picket-ports-'));
  const names = ['core_1', 'core_2', 'poller_1', 'poller_1.gateway'];
  // Both try the same numbers in the same order, as two that start at the same moment might.
  const chances = () => {
    let n = 0;
    return () => ((n++ * 7 + 3) % 1_000) / 1_000;
  };
  try {
    const a = await portsFor(names, join(folder, 'a.json'), chances());
    const b = await portsFor(names, join(folder, 'b.json'), chances());
    expect(new Set([...a.values(), ...b.values()]).size).toBe(2 * names.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
