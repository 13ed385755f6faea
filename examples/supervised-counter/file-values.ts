/** Values in a folder that all processes share, a file each. A database would do the same, and for several hosts. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Values } from './counter.js';

export async function fileValues(folder: string): Promise<Values> {
  await mkdir(folder, { recursive: true });
  return {
    async read(id) {
      const text = await readFile(join(folder, id), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '0';
        throw error;
      });
      return Number(text);
    },
    async write(id, value) {
      // Whole or not at all, also when the process is killed in the middle.
      const draft = join(folder, `${id}.${process.pid}`);
      await writeFile(draft, String(value));
      await rename(draft, join(folder, id));
    },
  };
}
