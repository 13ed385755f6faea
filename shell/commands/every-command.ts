/** All commands of the shell, one line each, in the order of `help`. */
import type { ShellCommand } from '../command.ts';
import { agentsCommand } from './agents.ts';
import { checksCommand } from './checks.ts';
import { childrenCommand } from './children.ts';
import { drainCommand } from './drain.ts';
import { evalCommand } from './eval.ts';
import { explainCommand } from './explain.ts';
import { helpCommand } from './help.ts';
import { infoCommand } from './info.ts';
import { inspectCommand } from './inspect.ts';
import { linksCommand } from './links.ts';
import { logCommand } from './log.ts';
import { monitorCommand } from './monitor.ts';
import { nodesCommand } from './nodes.ts';
import { registryCommand } from './registry.ts';
import { sendCommand } from './send.ts';
import { restartCommand, stopCommand } from './stop.ts';
import { tenantsCommand } from './tenants.ts';
import { topCommand } from './top.ts';
import { traceCommand } from './trace.ts';
import { treeCommand } from './tree.ts';

export const everyShellCommand: readonly ShellCommand[] = [
  helpCommand(() => everyShellCommand),
  nodesCommand,
  infoCommand,
  treeCommand,
  inspectCommand,
  topCommand,
  traceCommand,
  monitorCommand,
  logCommand,
  childrenCommand,
  registryCommand,
  tenantsCommand,
  checksCommand,
  agentsCommand,
  linksCommand,
  explainCommand,
  sendCommand,
  stopCommand,
  restartCommand,
  drainCommand,
  evalCommand,
];
