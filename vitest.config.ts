/** How the tests run: units and the rules of the house, then real processes; three files at a time of each. */
import { defineConfig } from 'vitest/config';

const exclude = ['node_modules/**', 'dist/**', '.soak/**', '**/*.long.test.ts'];

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
          // Of no test's own account: a machine that others use may be many times slower than another.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Real clusters of many processes, after everything else: they wait more than they run, and nothing in them is late
        // because others run beside them.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/examples/**/*.test.ts'],
          exclude,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
