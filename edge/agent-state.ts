/**
 * What can be said to the actor of an edge agent, what it needs and what it holds; between its life (`edge-agent.ts`) and what it
 * does with commands (`agent-commands.ts`) and its name (`agent-name.ts`).
 */
import type { NumberedJob, PollerProtocol } from '../actors/messages.ts';
import type { Cluster } from '../cluster/index.ts';
import type { LaterReply, Ref, Self } from '../runtime/index.ts';
import type { AgentConfig } from './agent-config.ts';
import type { CommandBook, CommandOutcome, CommandWord } from './command-book.ts';
import type { CommandState } from './command-life.ts';
import type { ControlWires } from './control-wires.ts';
import type { Outcome } from './errors.ts';
import type { EdgePeer } from './peer.ts';

/** What an agent says of itself, within bounds. */
export interface AgentFacts {
  readonly capabilities: readonly string[];
  readonly version: string;
  readonly hostname: string;
  readonly os: string;
  readonly arch: string;
}

export interface EdgeAgentProtocol {
  start: [peer: EdgePeer];
  call: {
    /**
     * Answered when the command is over, at the latest when its time is: give the call as long. `failed` at once with a reason
     * when the agent has too many already. `ttlS`: whole seconds; 0 for the default.
     */
    command(type: string, payloadJson: Uint8Array, ttlS: number): Promise<CommandOutcome>;
    /** The same without waiting for its end: its id, by which it is asked for. Null: the agent has too many already. */
    order(type: string, payloadJson: Uint8Array, ttlS: number): string | null;
    /** Null: no command of this id is known any more. */
    orderState(commandId: string): OrderView | null;
    totals(): { listening: boolean; commands: number; jobs: number };
  };
  cast: {
    /** `configVersion`: of the config that it has from before; empty: none. */
    hello(facts: AgentFacts, configVersion: string): void;
    /** It listens on the stream of this number, and has this config. */
    listens(wire: number, facts: AgentFacts, configVersion: string): void;
    says(wire: number, commandId: string, commandType: string, word: CommandWord): void;
    hasConfig(wire: number, version: string): void;
    /** It asked for its config, and runs that by itself from now on. */
    tookConfig(version: string): void;
    /** Its config may be another one now. */
    lookAgain(): void;
    hungUp(wire: number): void;
    cancel(commandId: string): void;
    /** Checks that it is to run now, as commands. */
    run(jobs: NumberedJob[], poller: Ref<PollerProtocol>): void;
  };
}

export interface EdgeAgentNeeds {
  readonly cluster: Cluster;
  readonly wires: ControlWires;
  readonly config: (peer: EdgePeer) => Promise<Outcome<AgentConfig>>;
}

export interface EdgeAgentState {
  peer: EdgePeer;
  facts: AgentFacts;
  named: boolean;
  /** It has asked for its name, which it does with the first word of what it is. */
  asksForName: boolean;
  /** What its name shows, so that only a change is told to all nodes. */
  shown: string;
  /** How often they may be told now, and the timer of what could not be told. */
  tells: { left: number; atMs: number };
  tellTimer: number | null;
  /** While it comes, not all of what it says is told one by one; null: it has come. */
  settleTimer: number | null;
  /** The stream that it listens on. */
  wire: number | null;
  /** The config that it has, or was sent. */
  configVersion: string;
  /** It was given a config on this connection, or has one from before: it runs that by itself. Else it runs what it is told. */
  runsConfig: boolean;
  /** The next look, and whether one is under way. */
  lookTimer: number | null;
  looking: boolean;
  book: CommandBook;
  asked: Map<string, LaterReply>;
  /** Checks that it was told to run, by command. */
  jobs: Map<string, AgentJob>;
  /** What people sent it, by command; the newest of those that are over stay. */
  orders: Map<string, OrderView>;
  sinceMs: number;
  numbers: number;
  endTimer: number | null;
}

export interface AgentJob {
  readonly number: number;
  readonly poller: Ref<PollerProtocol>;
  readonly sentAtMs: number;
}

/** A command as whoever sent it is shown it. */
export interface OrderView {
  readonly id: string;
  readonly type: string;
  readonly state: CommandState;
  readonly progressPercent: number;
  readonly message: string;
  readonly payloadJson: Uint8Array;
}

export type AgentSelf = Self<EdgeAgentState, EdgeAgentProtocol>;
