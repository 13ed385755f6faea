/** Every subcommand of `picket`, in the order of its help. */
import { addAgentCommand } from './commands/agent.ts';
import { addAgentSourceCommands } from './commands/agent-source.ts';
import { addAgentsCommands } from './commands/agents.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addCertCommands } from './commands/certs.ts';
import { addCheckCommands } from './commands/check.ts';
import { addChildrenCommand } from './commands/children.ts';
import { addDbCommands } from './commands/db.ts';
import { addDebugCommands } from './commands/debug.ts';
import { addDeviceCommands } from './commands/device.ts';
import { addDocumentCommands } from './commands/document.ts';
import { addEnrollCommand } from './commands/enroll.ts';
import { addExplainCommands } from './commands/explain.ts';
import { addHealthCommand } from './commands/health.ts';
import { addIntegrationCommands } from './commands/integration.ts';
import { addLinksCommand } from './commands/links.ts';
import { addLookCommands } from './commands/look.ts';
import { addMetricsCommand } from './commands/metrics.ts';
import { addNodeCommand } from './commands/node.ts';
import { addPackageCommands } from './commands/package.ts';
import { addPlanCommands } from './commands/plan.ts';
import { addReconcileCommand } from './commands/reconcile.ts';
import { addRecordCommand } from './commands/record.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addResultCommands } from './commands/results.ts';
import { addSeedCommand } from './commands/seed.ts';
import { addShellCommands } from './commands/shell.ts';
import { addSourceCommands } from './commands/source.ts';
import { addSweepCommands } from './commands/sweep.ts';
import { addTenantCommands } from './commands/tenant.ts';
import { addUpCommands } from './commands/up.ts';
import { addUserCommands } from './commands/user.ts';
import { addVaultCommands } from './commands/vault.ts';

export const everyCommand = [
  addUpCommands,
  addNodeCommand,
  addLookCommands,
  addAuditCommands,
  addDebugCommands,
  addRecordCommand,
  addReplayCommand,
  addShellCommands,
  addLinksCommand,
  addMetricsCommand,
  addHealthCommand,
  addChildrenCommand,
  addTenantCommands,
  addPackageCommands,
  addEnrollCommand,
  addAgentCommand,
  addAgentsCommands,
  addAgentSourceCommands,
  addPlanCommands,
  addDbCommands,
  addBackupCommands,
  addSeedCommand,
  addVaultCommands,
  addUserCommands,
  addIntegrationCommands,
  addSourceCommands,
  addReconcileCommand,
  addCheckCommands,
  addDeviceCommands,
  addDocumentCommands,
  addSweepCommands,
  addExplainCommands,
  addResultCommands,
  addCertCommands,
] as const;
