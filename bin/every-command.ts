/**
 * Every subcommand of `picket`, in the order of its help, and the module that adds it. A command loads its own module and none
 * of the others': loading all of them takes longer than most commands do.
 */
import type { Command } from 'commander';
import type { Surroundings } from './commands/up.ts';

export interface CommandModule {
  /** The commands that it adds. */
  readonly names: readonly string[];
  load(): Promise<(program: Command, surroundings: Surroundings) => void>;
}

export const everyCommand: readonly CommandModule[] = [
  { names: ['up', 'down'], load: async () => (await import('./commands/up.ts')).addUpCommands },
  { names: ['node'], load: async () => (await import('./commands/node.ts')).addNodeCommand },
  {
    names: ['members', 'status', 'registry', 'tree'],
    load: async () => (await import('./commands/look.ts')).addLookCommands,
  },
  { names: ['audit'], load: async () => (await import('./commands/audit.ts')).addAuditCommands },
  { names: ['debug'], load: async () => (await import('./commands/debug.ts')).addDebugCommands },
  { names: ['record'], load: async () => (await import('./commands/record.ts')).addRecordCommand },
  { names: ['replay'], load: async () => (await import('./commands/replay.ts')).addReplayCommand },
  { names: ['shell', 'exec'], load: async () => (await import('./commands/shell.ts')).addShellCommands },
  { names: ['links'], load: async () => (await import('./commands/links.ts')).addLinksCommand },
  { names: ['metrics'], load: async () => (await import('./commands/metrics.ts')).addMetricsCommand },
  { names: ['health'], load: async () => (await import('./commands/health.ts')).addHealthCommand },
  { names: ['children'], load: async () => (await import('./commands/children.ts')).addChildrenCommand },
  { names: ['tenant'], load: async () => (await import('./commands/tenant.ts')).addTenantCommands },
  { names: ['package'], load: async () => (await import('./commands/package.ts')).addPackageCommands },
  { names: ['enroll'], load: async () => (await import('./commands/enroll.ts')).addEnrollCommand },
  { names: ['agent'], load: async () => (await import('./commands/agent.ts')).addAgentCommand },
  { names: ['agents'], load: async () => (await import('./commands/agents.ts')).addAgentsCommands },
  {
    names: ['agent-source'],
    load: async () => (await import('./commands/agent-source.ts')).addAgentSourceCommands,
  },
  { names: ['plan'], load: async () => (await import('./commands/plan.ts')).addPlanCommands },
  { names: ['db'], load: async () => (await import('./commands/db.ts')).addDbCommands },
  { names: ['backup'], load: async () => (await import('./commands/backup.ts')).addBackupCommands },
  { names: ['seed'], load: async () => (await import('./commands/seed.ts')).addSeedCommand },
  { names: ['vault'], load: async () => (await import('./commands/vault.ts')).addVaultCommands },
  { names: ['user'], load: async () => (await import('./commands/user.ts')).addUserCommands },
  {
    names: ['integration'],
    load: async () => (await import('./commands/integration.ts')).addIntegrationCommands,
  },
  { names: ['source'], load: async () => (await import('./commands/source.ts')).addSourceCommands },
  { names: ['reconcile'], load: async () => (await import('./commands/reconcile.ts')).addReconcileCommand },
  { names: ['check'], load: async () => (await import('./commands/check.ts')).addCheckCommands },
  { names: ['device'], load: async () => (await import('./commands/device.ts')).addDeviceCommands },
  { names: ['document'], load: async () => (await import('./commands/document.ts')).addDocumentCommands },
  { names: ['sweep'], load: async () => (await import('./commands/sweep.ts')).addSweepCommands },
  { names: ['explain'], load: async () => (await import('./commands/explain.ts')).addExplainCommands },
  { names: ['results'], load: async () => (await import('./commands/results.ts')).addResultCommands },
  { names: ['certs'], load: async () => (await import('./commands/certs.ts')).addCertCommands },
];

/** What a command line needs: the module of the command that stands first in it, or all when none does (a flag, a help, a slip). */
export function modulesFor([first]: readonly string[]): readonly CommandModule[] {
  const own = everyCommand.filter(({ names }) => names.includes(first ?? ''));
  return own.length > 0 ? own : everyCommand;
}
