/**
 * The actor of an agent that is connected to this node: found by its tenant, partition and id, with what it can do and how
 * much it has under way; sends its commands and answers who asked; tells it of a new config while it listens. Between the
 * control stream and whoever has a command for the agent. Its pushes do not come through here.
 */

import { defineActor } from '../runtime/index.ts';
import { command, order, orderView, perform, returnJobs, run, settled, takesJobs } from './agent-commands.ts';
import { type AgentConfig, configAnswer } from './agent-config.ts';
import { introduce, settle, takeName, tellNames } from './agent-name.ts';
import type {
  AgentFacts,
  AgentSelf,
  EdgeAgentNeeds,
  EdgeAgentProtocol,
  EdgeAgentState,
} from './agent-state.ts';
import { cancelCommand, expireCommands, hearAgent, loseAgent, newBook, sendQueued } from './command-book.ts';
import { isRefusal, type Outcome } from './errors.ts';
import { configLookMs, nameSettleMs, nameTellsAtOnceMax } from './limits.ts';
import type { EdgePeer } from './peer.ts';

export type { AgentFacts, EdgeAgentProtocol } from './agent-state.ts';

const noFacts: AgentFacts = { capabilities: [], version: '', hostname: '', os: '', arch: '' };

export function edgeAgent(needs: EdgeAgentNeeds) {
  return defineActor<EdgeAgentState, EdgeAgentProtocol>({
    name: 'edge_agent',
    trapExit: true,
    init(self, peer) {
      const state = newState(peer, self.wallMs(), self.monotonicMs());
      self.state = state;
      state.settleTimer = self.after(nameSettleMs, 'settle');
      return state;
    },
    call: {
      command: (self, type, payloadJson, ttlS) => command(self, needs, type, payloadJson, ttlS),
      order: (self, type, payloadJson, ttlS) => order(self, needs, type, payloadJson, ttlS),
      orderState: ({ state }, id) => orderView(state, id),
      totals: ({ state }) => ({
        ...{
          listening: state.wire !== null,
          commands: state.book.live.size - state.jobs.size,
          jobs: state.jobs.size,
        },
      }),
    },
    cast: {
      hello: (self, facts, configVersion) => {
        hasFromBefore(self, configVersion);
        introduce(self, needs, facts);
      },
      listens: (self, wire, facts, configVersion) => listens(self, needs, wire, facts, configVersion),
      says(self, wire, commandId, commandType, word) {
        if (wire === self.state.wire)
          perform(self, needs, hearAgent(self.state.book, commandId, commandType, word));
      },
      hasConfig(self, wire, version) {
        if (wire === self.state.wire) takeConfig(self, needs, version);
      },
      lookAgain: (self) => look(self, needs),
      tookConfig: (self, version) => takeConfig(self, needs, version),
      hungUp(self, wire) {
        if (wire !== self.state.wire) return;
        self.state.wire = null;
        returnJobs(self, needs);
        tellNames(self, needs);
      },
      run: (self, jobs, poller) => run(self, needs, jobs, poller),
      cancel: (self, commandId) => perform(self, needs, cancelCommand(self.state.book, commandId)),
    },
    info(self, info) {
      if (info.type === 'timeout' && info.tag === 'name') takeName(self, needs);
      else if (info.type === 'timeout' && info.tag === 'look') look(self, needs);
      else if (info.type === 'timeout' && info.tag === 'settle') settle(self, needs);
      else if (info.type === 'timeout' && info.tag === 'tell') {
        self.state.tellTimer = null;
        tellNames(self, needs);
      } else if (info.type === 'timeout' && info.tag === 'end') {
        self.state.endTimer = null;
        perform(self, needs, expireCommands(self.state.book, self.wallMs()));
      } else if (info.type === 'done') looked(self, needs, info.value as Outcome<AgentConfig> | undefined);
      else if (info.type === 'exit') self.stop('shutdown');
    },
    terminate(self) {
      if (self.state.wire !== null) needs.wires.end(self.state.wire);
      // Whoever gave them watches this actor.
      self.state.jobs.clear();
      for (const effect of loseAgent(self.state.book)) if (effect.type === 'settled') settled(self, effect);
    },
  });
}

function newState(peer: EdgePeer, sinceMs: number, atMs: number): EdgeAgentState {
  return {
    ...{ peer, facts: noFacts, named: false, asksForName: false, shown: '', wire: null, sinceMs },
    ...{ configVersion: '', runsConfig: false, lookTimer: null, looking: false },
    ...{ book: newBook(), asked: new Map(), jobs: new Map(), orders: new Map() },
    ...{ numbers: 0, endTimer: null, tells: { left: nameTellsAtOnceMax, atMs } },
    ...{ tellTimer: null, settleTimer: null },
  };
}

function listens(
  self: AgentSelf,
  needs: EdgeAgentNeeds,
  wire: number,
  facts: AgentFacts,
  configVersion: string,
): void {
  // One stream an agent: the newer counts, the older is of a connection that it has lost.
  if (self.state.wire !== null) needs.wires.end(self.state.wire);
  returnJobs(self, needs);
  self.state.wire = wire;
  hasFromBefore(self, configVersion);
  introduce(self, needs, facts);
  perform(self, needs, sendQueued(self.state.book));
  look(self, needs);
  if (!self.state.looking) settle(self, needs);
}

function hasFromBefore({ state }: AgentSelf, version: string): void {
  state.configVersion = version;
  if (version !== '') state.runsConfig = true;
}

function takeConfig(self: AgentSelf, needs: EdgeAgentNeeds, version: string): void {
  self.state.configVersion = version;
  self.state.runsConfig = true;
  settle(self, needs);
  tellNames(self, needs);
}

/** Asks for the config of this moment, once at a time, while somebody listens. */
function look(self: AgentSelf, needs: EdgeAgentNeeds): void {
  const { state } = self;
  if (state.lookTimer !== null) self.cancel(state.lookTimer);
  state.lookTimer = null;
  // One that takes single checks and never asked for a config is told what to run, and given none.
  const isTold = takesJobs(state.facts) && !state.runsConfig;
  if (state.wire === null || state.looking || isTold) return;
  state.looking = true;
  self.pipe(needs.config(state.peer), 'config');
}

function looked(self: AgentSelf, needs: EdgeAgentNeeds, config: Outcome<AgentConfig> | undefined): void {
  self.state.looking = false;
  if (self.state.wire !== null) compare(self, needs, config);
  settle(self, needs);
}

function compare(self: AgentSelf, needs: EdgeAgentNeeds, config: Outcome<AgentConfig> | undefined): void {
  const { state } = self;
  state.lookTimer = self.after(configLookMs, 'look');
  if (config === undefined || isRefusal(config) || config.version === state.configVersion) return;
  const sent = needs.wires.send(state.wire!, { config: configAnswer(config, '', self.wallMs()) });
  if (sent) takeConfig(self, needs, config.version);
  else state.wire = null;
}
