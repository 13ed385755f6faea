/**
 * The name of an edge agent in the registry: its key, what every node is told of it, and how its actor takes and changes it.
 * Between the actor and the registry.
 */
import { edgeAgentKey } from '../actors/messages.ts';
import { ClusterError, type Metadata, type RegistryKey } from '../cluster/index.ts';
import type { AgentFacts, AgentSelf, EdgeAgentNeeds, EdgeAgentState } from './agent-state.ts';
import { nameRetryMs, nameTellMs, nameTellsAtOnceMax } from './limits.ts';
import type { EdgePeer } from './peer.ts';

/** A name of its tenant, on the poller that it dialled. */
export function nameOf({ tenantId, partition, id }: EdgePeer): RegistryKey {
  return edgeAgentKey(tenantId, partition, id);
}

export interface Shown {
  readonly peer: EdgePeer;
  readonly facts: AgentFacts;
  /** Commands that people and programs sent it and that are not over; checks that it was told to run are no load of this kind. */
  readonly load: number;
  readonly listens: boolean;
  /** The version of the config that it has; empty: it has none. */
  readonly config: string;
  readonly runsConfig: boolean;
  readonly sinceMs: number;
}

const unprintable = /[^\x21-\x7e]/g;

function metadataOf({ peer, facts, load, listens, config, runsConfig, sinceMs }: Shown): Metadata {
  const { capabilities, version, hostname, os, arch } = facts;
  return {
    ...{ status: 'connected', capabilities, partitions: [peer.partition], load },
    ...{ version, hostname, os, arch, edge: true, listens, runs_config: runsConfig },
    config: config.replace(unprintable, ''),
    since: new Date(sinceMs).toISOString(),
  };
}

function shownOf({
  peer,
  facts,
  book,
  jobs,
  wire,
  configVersion: config,
  runsConfig,
  sinceMs,
}: EdgeAgentState) {
  const load = book.live.size - jobs.size;
  return metadataOf({ peer, facts, load, listens: wire !== null, config, runsConfig, sinceMs });
}

/** Another poller has the name while it does not know yet that the agent has left it: this one goes on asking. */
export function takeName(self: AgentSelf, { cluster }: EdgeAgentNeeds): void {
  self.state.asksForName = true;
  try {
    cluster.names.register(nameOf(self.state.peer), self.ref, shownOf(self.state));
    self.state.named = true;
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== 'name_taken') throw error;
    self.after(nameRetryMs, 'name');
  }
}

export function introduce(self: AgentSelf, needs: EdgeAgentNeeds, facts: AgentFacts): void {
  const { state } = self;
  const isOther = String(state.facts.capabilities) !== String(facts.capabilities);
  state.facts = facts;
  if (!state.asksForName) takeName(self, needs);
  // What it can run decides which checks are its share, which this node reads from the registry as all others do.
  else if (isOther) settle(self, needs);
  tellNames(self, needs);
}

/** It has come: it listens and has its config, or has had its time. What it said since it has its name is told at once. */
export function settle(self: AgentSelf, needs: EdgeAgentNeeds): void {
  if (self.state.settleTimer === null) return;
  self.cancel(self.state.settleTimer);
  self.state.settleTimer = null;
  if (self.state.asksForName) tellNames(self, needs);
  else takeName(self, needs);
}

/** All nodes are told, so an agent that changes what it says all the time is told of now and then. */
export function tellNames(self: AgentSelf, { cluster }: EdgeAgentNeeds): void {
  const { state } = self;
  if (!state.named || state.settleTimer !== null || state.tellTimer !== null) return;
  const metadata = shownOf(state);
  const shown = JSON.stringify(metadata);
  if (shown === state.shown) return;
  const nowMs = self.monotonicMs();
  const { left, atMs } = state.tells;
  const regained = Math.min(nameTellsAtOnceMax, left + (nowMs - atMs) / nameTellMs);
  if (regained < 1) {
    state.tellTimer = self.after(nameTellMs, 'tell');
    return;
  }
  state.tells = { left: regained - 1, atMs: nowMs };
  state.shown = shown;
  cluster.names.update(nameOf(state.peer), metadata);
}
