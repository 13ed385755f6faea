import { Command } from 'commander';
import { expect, test } from 'vitest';
import { everyCommand, modulesFor } from './every-command.ts';
import { terminalOutput } from './output.ts';

test.each(everyCommand)('the module of $names adds those and no others', async ({ names, load }) => {
  const program = new Command('picket');
  (await load())(program, { output: terminalOutput(), script: 'picket', environment: {} });
  expect(program.commands.map((one) => one.name())).toEqual(names);
});

test('no name is of two modules', () => {
  const names = everyCommand.flatMap((one) => one.names);
  expect(new Set(names).size).toBe(names.length);
});

test('a command loads its own module; without one, and for one that is not there, all are loaded', () => {
  expect(modulesFor(['links', '--json']).map((one) => one.names)).toEqual([['links']]);
  for (const line of [[], ['--help'], ['help', 'links'], ['lniks'], ['--at', 'core:7000', 'links']])
    expect(modulesFor(line)).toBe(everyCommand);
});
