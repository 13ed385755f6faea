/**
 * The actor of an agent that is connected to this node: found by its tenant, partition and id, with what it can do and how
 * much it has under way; sends its commands and answers who asked; tells it of a new config while it listens. Between the
 * control stream and whoever has a command for the agent. Its pushes do not come through here.
 */

import { type Cluster, ClusterError, type RegistryKey } from '../cluster/index.ts';
import { defineActor, type LaterReply, type Self } from '../runtime/index.ts';
import { type AgentConfig, configAnswer } from './agent-config.ts';
import {
  addCommand,
  type CommandBook,
  type CommandEffect,
  type CommandOutcome,
  type CommandWord,
  cancelCommand,
  expireCommands,
  hearAgent,
  loseAgent,
  newBook,
  nextEndMs,
  sendQueued,
} from './command-book.ts';
import type { ControlWires } from './control-wires.ts';
import { isRefusal, type Outcome } from './errors.ts';
import {
  commandPayloadBytesMax,
  commandTtlSDefault,
  commandTtlSMax,
  configLookMs,
  nameRetryMs,
} from './limits.ts';
import type { EdgePeer } from './peer.ts';
import { toSeconds } from './sent-time.ts';

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
    totals(): { listening: boolean; commands: number };
  };
  cast: {
    hello(facts: AgentFacts): void;
    /** It listens on the stream of this number, and has this config. */
    listens(wire: number, facts: AgentFacts, configVersion: string): void;
    says(wire: number, commandId: string, commandType: string, word: CommandWord): void;
    hasConfig(wire: number, version: string): void;
    hungUp(wire: number): void;
    cancel(commandId: string): void;
  };
}

export interface EdgeAgentNeeds {
  readonly cluster: Cluster;
  readonly wires: ControlWires;
  readonly config: (peer: EdgePeer) => Promise<Outcome<AgentConfig>>;
}

interface EdgeAgentState {
  peer: EdgePeer;
  facts: AgentFacts;
  named: boolean;
  /** What its name shows, so that only a change is told to all nodes. */
  shown: string;
  /** The stream that it listens on. */
  wire: number | null;
  /** The config that it has, or was sent. */
  configVersion: string;
  /** The next look, and whether one is under way. */
  lookTimer: number | null;
  looking: boolean;
  book: CommandBook;
  asked: Map<string, LaterReply>;
  numbers: number;
  endTimer: number | null;
}

type AgentSelf = Self<EdgeAgentState, EdgeAgentProtocol>;
const nothing = new Uint8Array();
const noFacts: AgentFacts = { capabilities: [], version: '', hostname: '', os: '', arch: '' };

export function edgeAgent(needs: EdgeAgentNeeds) {
  return defineActor<EdgeAgentState, EdgeAgentProtocol>({
    name: 'edge_agent',
    trapExit: true,
    init(self, peer) {
      const state: EdgeAgentState = {
        ...{
          peer,
          facts: noFacts,
          named: false,
          shown: '',
          wire: null,
          configVersion: '',
          lookTimer: null,
          looking: false,
        },
        ...{ book: newBook(), asked: new Map(), numbers: 0, endTimer: null },
      };
      self.state = state;
      takeName(self, needs);
      return state;
    },
    call: {
      command: (self, type, payloadJson, ttlS) => command(self, needs, type, payloadJson, ttlS),
      totals: ({ state }) => ({ listening: state.wire !== null, commands: state.book.live.size }),
    },
    cast: {
      hello: (self, facts) => introduce(self, needs, facts),
      listens(self, wire, facts, configVersion) {
        // One stream an agent: the newer counts, the older is of a connection that it has lost.
        if (self.state.wire !== null) needs.wires.end(self.state.wire);
        self.state.wire = wire;
        self.state.configVersion = configVersion;
        introduce(self, needs, facts);
        perform(self, needs, sendQueued(self.state.book));
        look(self, needs);
      },
      says(self, wire, commandId, commandType, word) {
        if (wire === self.state.wire)
          perform(self, needs, hearAgent(self.state.book, commandId, commandType, word));
      },
      hasConfig(self, wire, version) {
        if (wire === self.state.wire) self.state.configVersion = version;
      },
      hungUp(self, wire) {
        if (wire === self.state.wire) self.state.wire = null;
      },
      cancel: (self, commandId) => perform(self, needs, cancelCommand(self.state.book, commandId)),
    },
    info(self, info) {
      if (info.type === 'timeout' && info.tag === 'name') takeName(self, needs);
      else if (info.type === 'timeout' && info.tag === 'look') look(self, needs);
      else if (info.type === 'timeout' && info.tag === 'end') {
        self.state.endTimer = null;
        perform(self, needs, expireCommands(self.state.book, self.wallMs()));
      } else if (info.type === 'done') looked(self, needs, info.value as Outcome<AgentConfig> | undefined);
      else if (info.type === 'exit') self.stop('shutdown');
    },
    terminate(self) {
      if (self.state.wire !== null) needs.wires.end(self.state.wire);
      for (const effect of loseAgent(self.state.book)) {
        if (effect.type === 'settled') self.state.asked.get(effect.id)?.answer(effect.outcome);
      }
    },
  });
}

/** A name of its tenant, on the poller that it dialled. */
function keyOf({ tenantId: tenant, partition, id }: EdgePeer): RegistryKey {
  return { tenant, partition, kind: 'agent', id };
}

function metadataOf({ facts, peer, book }: EdgeAgentState) {
  const { capabilities, version, hostname, os, arch } = facts;
  const { partition } = peer;
  return {
    ...{ status: 'connected', capabilities, partitions: [partition], load: book.live.size },
    ...{ version, hostname, os, arch, edge: true },
  };
}

/** Another poller has the name while it does not know yet that the agent has left it. */
function takeName(self: AgentSelf, { cluster }: EdgeAgentNeeds): void {
  try {
    cluster.names.register(keyOf(self.state.peer), self.ref, metadataOf(self.state));
    self.state.named = true;
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== 'name_taken') throw error;
    self.after(nameRetryMs, 'name');
  }
}

function introduce(self: AgentSelf, needs: EdgeAgentNeeds, facts: AgentFacts): void {
  self.state.facts = facts;
  tellNames(self, needs);
}

function tellNames({ state }: AgentSelf, { cluster }: EdgeAgentNeeds): void {
  const metadata = metadataOf(state);
  const shown = JSON.stringify(metadata);
  if (!state.named || shown === state.shown) return;
  state.shown = shown;
  cluster.names.update(keyOf(state.peer), metadata);
}

function command(
  self: AgentSelf,
  needs: EdgeAgentNeeds,
  type: string,
  payloadJson: Uint8Array,
  ttlS: number,
): Promise<CommandOutcome> {
  const { state } = self;
  const life = Math.min(commandTtlSMax, ttlS > 0 ? Math.ceil(ttlS) : commandTtlSDefault);
  const createdAtS = toSeconds(self.wallMs());
  state.numbers += 1;
  const id = `${self.ref.toString()}.${state.numbers}`;
  const added =
    payloadJson.length <= commandPayloadBytesMax &&
    addCommand(state.book, { id, type, payloadJson, ttlS: life, createdAtS });
  if (!added) {
    const message = 'the agent has too much under way';
    return Promise.resolve({ state: 'failed', message, payloadJson: nothing });
  }
  const reply = self.replyLater();
  state.asked.set(id, reply);
  if (state.wire !== null) perform(self, needs, sendQueued(state.book));
  else perform(self, needs, []);
  return reply as unknown as Promise<CommandOutcome>;
}

function perform(self: AgentSelf, needs: EdgeAgentNeeds, effects: readonly CommandEffect[]): void {
  const { state } = self;
  for (const effect of effects) {
    if (effect.type === 'settled') {
      state.asked.get(effect.id)?.answer(effect.outcome);
      state.asked.delete(effect.id);
    } else if (state.wire !== null) {
      const {
        id: commandId,
        type: commandType,
        payloadJson,
        ttlS: ttlSeconds,
        createdAtS: createdAt,
      } = effect.command;
      const sent = needs.wires.send(state.wire, {
        command: { commandId, commandType, payloadJson, ttlSeconds, createdAt },
      });
      if (!sent) state.wire = null;
    }
  }
  tellNames(self, needs);
  if (state.endTimer !== null) self.cancel(state.endTimer);
  const endMs = nextEndMs(state.book);
  state.endTimer = endMs === null ? null : self.after(Math.max(1, endMs - self.wallMs()), 'end');
}

/** Asks for the config of this moment, once at a time, while somebody listens. */
function look(self: AgentSelf, needs: EdgeAgentNeeds): void {
  const { state } = self;
  if (state.lookTimer !== null) self.cancel(state.lookTimer);
  state.lookTimer = null;
  if (state.wire === null || state.looking) return;
  state.looking = true;
  self.pipe(needs.config(state.peer), 'config');
}

function looked(self: AgentSelf, needs: EdgeAgentNeeds, config: Outcome<AgentConfig> | undefined): void {
  const { state } = self;
  state.looking = false;
  if (state.wire === null) return;
  state.lookTimer = self.after(configLookMs, 'look');
  if (config === undefined || isRefusal(config) || config.version === state.configVersion) return;
  const sent = needs.wires.send(state.wire, { config: configAnswer(config, '', self.wallMs()) });
  if (sent) state.configVersion = config.version;
  else state.wire = null;
}
