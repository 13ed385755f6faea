/**
 * The remote shell on a node of any role of the platform: what it needs of the process, and the procedure by which a node
 * is drained from there. Between the node's command, which starts and ends it, and the room of the shell.
 */
import { randomBytes } from 'node:crypto';
import type { ClusterNode } from '../../cluster/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import { everyShellCommand, openShell, type SessionRecords, type ShellDoor } from '../../shell/index.ts';
import { nameOf } from '../procedure-answers.ts';

export interface NodeShellNeeds {
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly log: Log;
  /** Where sessions of this node are written down: nothing is said in one that is not. */
  readonly records: SessionRecords;
  readonly allowsEval: boolean;
  /** Ends this node in order, as SIGTERM does. */
  drain(why: string): void;
}

/** Null on a tenant's own node: there the customer is at home, and nobody of ours should trust what it shows. */
export function openNodeShell(needs: NodeShellNeeds): ShellDoor | null {
  const { node, log, drain } = needs;
  if (node.tenant !== null) return null;
  node.declare('drain', {
    access: 'write',
    run(_: null, caller) {
      const by = nameOf(caller);
      log('info', 'this node is asked to drain', { by });
      // After the answer.
      needs.clock.timer(0, () => drain(`asked by ${by}`));
      return null;
    },
  });
  const newId = () => randomBytes(12).toString('hex');
  return openShell({ ...needs, commands: everyShellCommand, nameOf, newId });
}
