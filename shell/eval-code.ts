/**
 * JavaScript of an operator in this node: in a context of its own, with `node` and `system`, bounded in time and output. What
 * runs without a pause is ended by a timer of the engine, turn by turn; what awaits goes on only while its line runs. This
 * bounds mistakes, not malice: `node:vm` is no sandbox, and whoever has `node` can reach the process, so the right to it is
 * the right to everything that the node may do.
 */
import { inspect } from 'node:util';
import { type Context, createContext, Script } from 'node:vm';
import type { ClusterNode } from '../cluster/index.ts';
import { messageOf } from '../runtime/index.ts';
import { ShellError } from './errors.ts';
import { evalOutputCharactersMax, evalPumpMs, evalTurnMs, pieceCharactersMax } from './limits.ts';

/** Runs what has become ready in the context's own queue of microtasks. */
const pump = new Script('undefined', { filename: 'eval' });
const print = new Script('$print()', { filename: 'eval' });
const tell = new Script('$tell()', { filename: 'eval' });

/** Pieces of what it gave. Rejects with `eval_failed`. After the signal nothing of it goes on. */
export async function evalCode(code: string, node: ClusterNode, signal: AbortSignal): Promise<string[]> {
  try {
    const text = await run(code, node, signal);
    const cut = text.length - evalOutputCharactersMax;
    const shown = cut > 0 ? `${text.slice(0, evalOutputCharactersMax)}\n... ${cut} characters more` : text;
    const pieces: string[] = [];
    for (let at = 0; at < shown.length; at += pieceCharactersMax)
      pieces.push(shown.slice(at, at + pieceCharactersMax));
    return [...pieces, '\n'];
  } catch (error) {
    // A text by now: what the code threw is not looked at outside of a turn.
    throw new ShellError('eval_failed', messageOf(error));
  }
}

function run(code: string, node: ClusterNode, signal: AbortSignal): Promise<string> {
  const { clock } = node.system;
  return new Promise((resolve, reject) => {
    let ended = false;
    const end = (tell: () => void) => {
      if (ended) return;
      ended = true;
      tell();
    };
    let value: unknown;
    let thrown: unknown;
    const done = (given: unknown) => {
      value = given;
      // Printing may run code of the value: within a turn of its own.
      end(() => clock.soon(() => attempt(() => resolve(turn(print, context) as string))));
    };
    const context = createContext(
      {
        ...{ node, system: node.system, $done: done, $print: () => printed(value) },
        $fail: (error: unknown) => end(() => clock.soon(() => fail(error))),
        $tell: () => messageOf(thrown),
      },
      // A queue of its own, run within the bound of each turn: what loops behind an `await` is ended, too.
      { microtaskMode: 'afterEvaluate' },
    );
    // What was thrown may have code of its own, too.
    const fail = (error: unknown) => {
      thrown = error;
      ended = true;
      try {
        reject(new Error(turn(tell, context) as string));
      } catch {
        reject(new Error('what it threw could not be told in time'));
      }
    };
    const attempt = (act: () => void) => {
      try {
        act();
      } catch (error) {
        fail(error);
      }
    };
    const goOn = () => {
      if (ended || signal.aborted) return;
      attempt(() => turn(pump, context));
      clock.timer(evalPumpMs, goOn);
    };
    signal.addEventListener('abort', () => end(() => resolve('')), { once: true });
    attempt(() => turn(new Script(wrapped(code), { filename: 'eval' }), context));
    goOn();
  });
}

function turn(script: Script, context: Context): unknown {
  return script.runInContext(context, { timeout: evalTurnMs });
}

/** An expression gives its value; statements give what they return. */
function wrapped(code: string): string {
  const told = (body: string) => `(async () => ${body})().then($done, $fail); undefined`;
  const expression = told(`(${code}\n)`);
  try {
    new Script(expression);
    return expression;
  } catch {
    return told(`{${code}\n}`);
  }
}

function printed(value: unknown): string {
  return inspect(value, { depth: 2, maxArrayLength: 100, maxStringLength: 4_096, breakLength: 100 });
}
