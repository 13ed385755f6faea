/** `picket shell` and `picket exec`: the remote shell, to sit in or for one line. */
import { type Command, Option } from 'commander';
import { splitPipe } from '../../shell/index.ts';
import { CommandFailure, codeOf } from '../failure.ts';
import type { Target } from '../operator-session.ts';
import { historyOf } from '../shell/history-file.ts';
import { ShellLoop } from '../shell/loop.ts';
import { Reach } from '../shell/reach.ts';
import { RemoteSession } from '../shell/remote-session.ts';
import { pipeRun, showRun } from '../shell/show-output.ts';
import { openTerminal } from '../shell/terminal.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface ShellFlags extends Target {
  write?: boolean;
  json?: boolean;
}

const shellHelp = `
Any node of the platform is reached through any core. Sessions are recorded: who, from where, each line before it runs, what
came of it (picket audit). Without --write nothing can be changed; what you may see and change is in your certificate.

  Tab       completes commands, nodes and names      Ctrl-C  cancels the line that runs
  Up, Down  go through the lines said before         Ctrl-D  leaves, as "exit" does
  connect NODE goes on at another node. What follows a | is a program of your own machine, which gets the output.

Examples:
  picket shell
  picket shell poller_1
  picket shell core_1 --write
  picket shell --at 10.0.0.2:7400 --as ./ann/ann.pem
  core_1> help
  core_1> registry --kind tenant --json | jq length
`;

const execHelp = `
Status: 0, 1 (refused, failed or cancelled; the reason is on stderr), 2 (the line is not as its help says).

Examples:
  picket exec core_1 "nodes"
  picket exec poller_1 "links" --json
  picket exec core_1 "send 17 add 2" --write
`;

export function addShellCommands(program: Command, { environment }: Surroundings): void {
  const write = () => new Option('--write', 'lines may change things, if the certificate has the right');
  program
    .command('shell')
    .description('sit in a running node')
    .argument('[node]', 'its name (default: any core)')
    .addOption(write())
    .addOption(dataOption(environment))
    .addHelpText('after', shellHelp)
    .action(async (node: string | undefined, flags: ShellFlags) => {
      const reach = new Reach(flags);
      const setting = {
        reach,
        terminal: openTerminal(),
        history: historyOf(flags),
        write: flags.write === true,
      };
      try {
        process.exitCode = await new ShellLoop({ ...setting, node: node ?? null }).run();
      } finally {
        await reach.close();
      }
    });
  program
    .command('exec')
    .description('one line of the remote shell')
    .argument('<node>', 'name of the node')
    .argument('<line>', 'as it would be said there; in quotes')
    .addOption(write())
    .addOption(dataOption(environment))
    .addOption(new Option('--json', 'add --json to the line, for commands that list'))
    .addHelpText('after', execHelp)
    .action(async (node: string, line: string, flags: ShellFlags) => {
      const reach = new Reach(flags);
      try {
        process.exitCode = await execute(reach, node, line, flags);
      } finally {
        await reach.close();
      }
    });
}

/** The status of the line, or of the program that got its output. */
async function execute(reach: Reach, node: string, whole: string, flags: ShellFlags): Promise<number> {
  const terminal = { ...openTerminal(), isInteractive: false };
  const session = new RemoteSession(reach, node, { write: flags.write === true, size: terminal.size });
  const { line, pipe } = splitPipe(whole);
  try {
    const run = session.run(flags.json ? `${line} --json` : line);
    if (pipe !== null && pipe !== '') return await pipeRun(run, pipe);
    await showRun(run, terminal);
    return 0;
  } catch (error) {
    if (codeOf(error) !== 'node_down') throw error;
    throw new CommandFailure('node_down', `${node} was lost while the line ran: ${(error as Error).message}`);
  } finally {
    await session.close();
  }
}
