/**
 * What is put into a real `picket` process from outside, by `NODE_OPTIONS`: another protocol version in its build, or another
 * clock. Everything else is the built program.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process that speaks these versions of the protocol between nodes. */
export function speaking(folder: string, version: number, versionMin: number): Record<string, string> {
  const hook = `export async function load(url, context, next) {
    const read = await next(url, context);
    if (!url.endsWith('/cluster/frame-layout.js')) return read;
    const source = String(read.source)
      .replace(/protocolVersion = \\d+/, 'protocolVersion = ${version}')
      .replace(/protocolVersionMin = \\d+/, 'protocolVersionMin = ${versionMin}');
    return { ...read, source };
  }`;
  const code = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));`;
  return imported(join(folder, `speaks-${versionMin}-${version}.mjs`), code);
}

/** A process whose clock is so far ahead; less than 0: behind. */
export function ahead(folder: string, ms: number): Record<string, string> {
  const code = `const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) {
        if (given.length === 0) super(Real.now() + ${ms});
        else super(...given);
      }
      static now() {
        return Real.now() + ${ms};
      }
    };`;
  return imported(join(folder, `ahead-${ms}.mjs`), code);
}

function imported(path: string, code: string): Record<string, string> {
  writeFileSync(path, code);
  return { NODE_OPTIONS: `--import ${path}` };
}
