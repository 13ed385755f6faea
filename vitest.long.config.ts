/** `npm run test:long`: real clusters, in the files that take longest of what other tests show shorter. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    name: 'long',
    include: ['**/*.long.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.soak/**'],
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
