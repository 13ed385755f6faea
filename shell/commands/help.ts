/** `help`: what the shell can do, and how one of its commands is said. */
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { wrapped } from '../fit-lines.ts';
import { lookDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const local = [
  ['connect NODE', 'go on at another node'],
  ['exit', 'leave (Ctrl-D does, too)'],
  ['COMMAND | PROGRAM', 'hand the output to a program of your own machine: registry --json | jq .'],
] as const;

/** `commands`: all of them, this one too. */
export function helpCommand(commands: () => readonly ShellCommand[]): ShellCommand {
  const usage = 'help [COMMAND]';
  return {
    ...{
      name: 'help',
      usage,
      summary: 'the commands, or how one of them is said',
      access: 'read',
      forTenants: true,
    },
    ...{ examples: ['help', 'help send'], deadlineMs: lookDeadlineMs },
    async *run({ words, scope, columns }) {
      const { rest } = readWords(words, { usage, least: 0, most: 1 });
      const known = commands().filter(({ forTenants }) => scope.tenant === null || forTenants === true);
      if (rest[0] !== undefined) yield explain(known, rest[0]);
      else yield overview(known, columns);
    },
    complete: async () => commands().map(({ name }) => name),
  };
}

/** Without flags, which `help COMMAND` tells: so each takes a line or two of any terminal. */
function overview(known: readonly ShellCommand[], columns: number): string {
  const rows = known.map(({ usage, summary, access }) => {
    const [short = ''] = usage.split(' [--');
    return [short, `${summary}${mark(access)}`] as const;
  });
  const width = Math.max(...[...rows, ...local].map(([usage]) => usage.length));
  const lines = (some: readonly (readonly [string, string])[]) =>
    some
      .map(([usage, summary]) => `${wrapped(`  ${usage.padEnd(width)}  ${summary}`, columns, width + 4)}\n`)
      .join('');
  const more = 'help COMMAND tells its flags, with examples.\n';
  return `On the node:\n${lines(rows)}In your own terminal:\n${lines(local)}${more}`;
}

function mark(access: ShellCommand['access']): string {
  return access === 'read' ? '' : access === 'write' ? ' (--write)' : ' (--write, right eval)';
}

function explain(known: readonly ShellCommand[], name: string): string {
  const found = known.find((one) => one.name === name);
  if (found === undefined)
    throw new ShellError('no_such_command', `there is no command "${name}": help lists them`);
  const examples = found.examples.map((one) => `  ${one}\n`).join('');
  return `${found.usage}\n  ${found.summary}${mark(found.access)}\nExamples:\n${examples}`;
}
