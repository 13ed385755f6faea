/**
 * JavaScript of an operator in this node: in a context of its own, with `node` and `system`, bounded in time and output. The
 * part that runs without a pause is ended by a timer of the engine, what it awaits by the line's deadline. This bounds
 * mistakes, not malice: `node:vm` is no sandbox, and whoever has `node` can reach the process, so the right to it is the
 * right to everything that the node may do.
 */
import { inspect } from 'node:util';
import { createContext, Script } from 'node:vm';
import type { ClusterNode } from '../cluster/index.ts';
import { messageOf } from '../runtime/index.ts';
import { ShellError } from './errors.ts';
import { evalOutputCharactersMax, evalTurnMs, pieceCharactersMax } from './limits.ts';

/** Pieces of what it gave. Rejects with `eval_failed`. After the signal nobody waits for what it still does. */
export async function evalCode(code: string, node: ClusterNode, signal: AbortSignal): Promise<string[]> {
  const value = await run(code, node, signal);
  if (signal.aborted) return [];
  const text = printed(value);
  const cut = text.length - evalOutputCharactersMax;
  const shown =
    cut > 0 ? `${text.slice(0, evalOutputCharactersMax)}\n... ${cut} characters more\n` : `${text}\n`;
  const pieces: string[] = [];
  for (let at = 0; at < shown.length; at += pieceCharactersMax)
    pieces.push(shown.slice(at, at + pieceCharactersMax));
  return pieces;
}

async function run(code: string, node: ClusterNode, signal: AbortSignal): Promise<unknown> {
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    // Microtasks of its own, run within the same bound: what loops after an `await` that waits for nothing is ended, too.
    const context = createContext({ node, system: node.system }, { microtaskMode: 'afterEvaluate' });
    const script = new Script(wrapped(code), { filename: 'eval' });
    const asked = script.runInContext(context, { timeout: evalTurnMs }) as Promise<unknown>;
    return await Promise.race([asked, ended]);
  } catch (error) {
    throw new ShellError('eval_failed', messageOf(error), error);
  }
}

/** An expression gives its value; statements give what they return. */
function wrapped(code: string): string {
  const expression = `(async () => (${code}\n))()`;
  try {
    new Script(expression);
    return expression;
  } catch {
    return `(async () => {${code}\n})()`;
  }
}

function printed(value: unknown): string {
  return inspect(value, { depth: 2, maxArrayLength: 100, maxStringLength: 4_096, breakLength: 100 });
}
