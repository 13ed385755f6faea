/**
 * What an agent asks about the run of a source that it was told to make: what it needs (`picket.edge.v1.Sources`), which document it
 * may write, and that this is whole. Who it is, its certificate says; whether the run is its, the keeper of its tenant. Between grpc-js,
 * the streams of documents and that keeper. Keeps nothing: what opens a source passes through.
 */
import {
  type AgentAt,
  type DocumentAsked,
  type ListingKeeperProtocol,
  listingKeeperKey,
} from '../actors/messages.ts';
import type { SourceGiven, SourceTake } from '../proto/index.ts';
import type { Ref } from '../runtime/index.ts';
import { type CallNeeds, unary } from './calls.ts';
import { type DocumentRelayNeeds, outcome } from './document-relay.ts';
import { isRefusal, type Outcome, refuse } from './errors.ts';
import { documentCallMs, documentEndMs, sourceRunCharactersMax } from './limits.ts';
import type { EdgePeer } from './peer.ts';

/** Of the document that a source's listing is, as its agent opens it. */
export const sourceKind = 'source';

export function sourceCalls(needs: CallNeeds & DocumentRelayNeeds) {
  return {
    Take: unary<SourceTake, SourceGiven>(needs, (peer, message) => take(needs, peer, message)),
  };
}

async function take(
  needs: DocumentRelayNeeds,
  peer: EdgePeer,
  { run, from }: SourceTake,
): Promise<Outcome<SourceGiven>> {
  if (!Number.isSafeInteger(from) || from < 0) return refuse('bad_message', 'from is a count of ids');
  const given = await ask(needs, peer, run, documentCallMs, (keeper, by) => keeper.take(run, by, from));
  if (isRefusal(given)) return given;
  const { settings, credentials, acceptEmpty, knownIds, knownTotal } = given;
  const settingsJson = Buffer.from(settings === null ? '' : JSON.stringify(settings));
  return { settingsJson, credentials: credentials ?? '', acceptEmpty, knownIds: [...knownIds], knownTotal };
}

export function listedDocument(
  needs: DocumentRelayNeeds,
  peer: EdgePeer,
  run: string,
): Promise<Outcome<DocumentAsked>> {
  return ask(needs, peer, run, documentCallMs, (keeper, by) => keeper.document(run, by));
}

export function finishListed(
  needs: DocumentRelayNeeds,
  peer: EdgePeer,
  run: string,
  totalBytes: number,
  sha256: string,
): Promise<Outcome<{ items: number }>> {
  return ask(needs, peer, run, documentEndMs, (keeper, by) => keeper.finish(run, by, totalBytes, sha256));
}

async function ask<T>(
  { system, cluster }: DocumentRelayNeeds,
  { tenantId, partition, id: name }: EdgePeer,
  run: string,
  withinMs: number,
  what: (keeper: Asked, by: AgentAt) => Promise<T>,
): Promise<Outcome<T>> {
  if (run === '' || run.length > sourceRunCharactersMax) return refuse('not_placed', 'no run has such an id');
  const keeper: Ref<ListingKeeperProtocol> | null = cluster.names.lookup<ListingKeeperProtocol>(
    listingKeeperKey(tenantId),
  );
  if (keeper === null) return refuse('tenant_unavailable', 'no core holds the tenant');
  return await outcome(() => what(callTo(system, keeper, withinMs), { partition, name }));
}

const callTo = (system: DocumentRelayNeeds['system'], keeper: Ref<ListingKeeperProtocol>, withinMs: number) =>
  system.call(keeper, withinMs);
type Asked = ReturnType<typeof callTo>;
