/** What a role is given and gives back: the seam between the process of a node and the actors of its role. */
import type { Logger } from 'pino';
import type { ClusterNode } from '../../cluster/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import type { SessionRecords } from '../../shell/index.ts';
import type { NodeFlags } from '../node-options.ts';
import type { NodeTrust } from '../node-trust.ts';
import type { NodeWatch } from '../node-watch.ts';

export interface RoleContext {
  readonly node: ClusterNode;
  readonly flags: NodeFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly trust: NodeTrust;
  /** A role adds what it has to tell to `metrics`. */
  readonly watch: NodeWatch;
  /** This node cannot go on: ends the process with the reason in its log. */
  fail(reason: string): void;
}

export interface RunningRole {
  readonly http?: string;
  /** Where sessions of the remote shell are written down; stopped with the role. */
  readonly records: SessionRecords;
  /** The node has another credential, or trusts others than before. */
  readonly credentialChanged?: () => void;
  readonly trustChanged?: () => void;
  /** Stops the role's actors, in order; what they hold is given away or stored. */
  stop(): Promise<void>;
}

export type StartRole = (context: RoleContext) => Promise<RunningRole>;
