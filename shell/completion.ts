/**
 * What the last word of an unfinished line may become: a command that the session may say, or what that command knows of.
 * Bounded in time and number; what fails completes nothing. Nothing of it is recorded: nothing is shown but names.
 */
import type { Clock } from '../runtime/index.ts';
import type { ShellCall } from './command.ts';
import type { CompleteAnswer } from './door.ts';
import { type Commands, judgeAccess, type SessionRights } from './judge-line.ts';
import { completeMs, completionsMax } from './limits.ts';
import { parseLine, quoteWord } from './parse-line.ts';

type MakeCall = (words: readonly string[], signal: AbortSignal) => ShellCall;

export async function completeLine(
  line: string,
  commands: Commands,
  rights: SessionRights,
  makeCall: MakeCall,
  clock: Clock,
): Promise<CompleteAnswer> {
  const nothing: CompleteAnswer = { words: [], at: line.length };
  const parsed = parseLine(line, true);
  if (!parsed.ok) return nothing;
  const words = parsed.words.map(({ text }) => text);
  const word = parsed.open ? (words.pop() ?? '') : '';
  const at = parsed.open ? parsed.words.at(-1)!.at : line.length;
  const [name, ...before] = words;
  if (name === undefined) {
    const known = [...commands.values()].filter((one) => judgeAccess(one, rights) === null);
    return {
      words: fitting(
        known.map((one) => one.name),
        word,
      ),
      at,
    };
  }
  const command = commands.get(name);
  if (command?.complete === undefined || judgeAccess(command, rights) !== null) return nothing;
  const abort = new AbortController();
  const late = new Promise<readonly string[]>((resolve) => {
    const cancel = clock.timer(completeMs, () => resolve([]));
    abort.signal.addEventListener('abort', cancel);
  });
  try {
    const found = command.complete(makeCall([...before, word], abort.signal), word, before.length);
    return { words: fitting(await Promise.race([found, late]), word), at };
  } catch {
    return nothing;
  } finally {
    abort.abort();
  }
}

function fitting(known: readonly string[], word: string): string[] {
  const found = known.filter((one) => one.startsWith(word));
  return [...new Set(found)].sort().slice(0, completionsMax).map(quoteWord);
}
