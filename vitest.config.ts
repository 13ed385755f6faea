/**
 * How the tests run: units and the rules of the house, then real processes; three files at a time of each. `npm run test:long` runs
 * what takes longest of what other tests show shorter.
 */
import { defineConfig } from 'vitest/config';

const exclude = ['node_modules/**', 'dist/**', '.soak/**'];
const long = [
  'coordinator',
  'discovery-gossip',
  'edge-drain',
  'foreign-nodes',
  'outage',
  'pause',
  'restart',
  'states',
].map((name) => `test/e2e/${name}.test.ts`);
const processes = ['test/e2e/**/*.test.ts', 'test/examples/**/*.test.ts'];
// Real clusters of many processes, after everything else: they wait more than they run, and nothing in them is late
// because others run beside them.
const ofProcesses = {
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
  testTimeout: 120_000,
  hookTimeout: 120_000,
};
const isLong = process.argv.includes('long');

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...exclude, 'test/e2e/**', 'test/examples/**'],
          maxWorkers: 3,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'e2e', include: processes, exclude: [...exclude, ...long], ...ofProcesses } },
      ...(isLong ? [{ test: { name: 'long', include: long, exclude, ...ofProcesses } }] : []),
    ],
  },
});
