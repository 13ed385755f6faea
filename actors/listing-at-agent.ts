/**
 * Follows a run of a source at the agent of its place to its end: performs what `placed-listing.ts` decides, by the actor of the agent
 * on the poller that it dialled. Between the keeper and that actor; what the agent asks and brings meanwhile is `placed-run.ts`.
 */
import type { Cluster } from '../cluster/index.ts';
import { type Clock, messageOf, type Ref } from '../runtime/index.ts';
import { edgeCandidateOf } from './edge-agents.ts';
import { listingAgentMs, listingLookMs, listingOrderLifeS } from './limits.ts';
import {
  countsOf,
  orderListing,
  sourceCapability,
  sourceRunCommand,
  sourceStopCommand,
  stopListing,
} from './listing-order.ts';
import type { ListingRun } from './listing-run.ts';
import type { ListingTurns } from './listing-turns.ts';
import { type AgentThere, type PlacedEffect, type PlacedEnd, stepPlaced } from './placed-listing.ts';
import type { PlacedRun } from './placed-run.ts';
import type { CommandedAgentProtocol } from './sweep-messages.ts';

export interface AgentListingNeeds {
  readonly cluster: Pick<Cluster, 'names'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'timer'>;
  /** Of this core. */
  readonly turns: Pick<ListingTurns, 'atAgent'>;
}

type There = AgentThere & { readonly actor: Ref<CommandedAgentProtocol> };

/** Always answers: what goes wrong is an aborted run. */
export async function followRun(needs: AgentListingNeeds, run: PlacedRun): Promise<ListingRun> {
  const isOver = needs.turns.atAgent();
  try {
    return await follow(needs, run);
  } finally {
    isOver();
  }
}

async function follow(needs: AgentListingNeeds, run: PlacedRun): Promise<ListingRun> {
  const end = await new Following(needs, run).end().catch((error: unknown): PlacedEnd => {
    // Neither the agent nor the other system: what this core could not do.
    return { type: 'failed', code: 'failed', detail: messageOf(error) };
  });
  const brought = await run.settled();
  run.close();
  if (brought !== null) {
    const told = end?.type === 'told' ? end.told.counts : countsOf(null);
    const { documentId, ids, listed, updates, retracted } = brought;
    // What the agent counted is its word; what is in the document was counted here.
    const counts = { ...told, listed: Math.max(told.listed, listed), updates, retracted };
    const page = end?.type === 'told' ? end.told.page : run.asked.progress.page;
    const complete = { outcome: 'complete', code: 'ok', detail: '', blames: 'none' } as const;
    return { ...complete, page, counts, documentId, ids };
  }
  await run.forget();
  const { fault } = run;
  if (fault !== null) return aborted(fault.code, fault.detail, end);
  if (end === null) return aborted('cancelled', 'the listing was called off', null);
  if (end.type === 'failed') return aborted(end.code, end.detail, end);
  const { outcome, code, detail, blames } = end.told;
  if (outcome === 'aborted') return { ...aborted(code, detail, end), blames };
  return aborted('bad_listing', 'the agent says that it is complete, and brought no document', end);
}

function aborted(code: string, detail: string, end: PlacedEnd | null): ListingRun {
  const told = end?.type === 'told' ? end.told : null;
  const nothing = { documentId: null, ids: null, counts: told?.counts ?? countsOf(null) };
  // Neither the agent nor what it brought says anything of the other system.
  return { outcome: 'aborted', code, detail, blames: 'ours', page: told?.page ?? 0, ...nothing };
}

class Following {
  private readonly needs: AgentListingNeeds;
  private readonly run: PlacedRun;
  private there: There | null = null;
  private ended: PlacedEnd | null = null;

  constructor(needs: AgentListingNeeds, run: PlacedRun) {
    this.needs = needs;
    this.run = run;
  }

  /** Null: it was called off. */
  async end(): Promise<PlacedEnd | null> {
    const { signal } = this.run.asked;
    const { plan } = this.run;
    while (!signal.aborted) {
      this.there = this.look();
      await this.perform(stepPlaced(plan, { type: 'look', agent: this.there, nowMs: this.nowMs() }));
      const { commandId } = plan;
      if (this.ended === null && this.there !== null && commandId !== null)
        await this.ask(this.there, commandId);
      if (this.ended !== null) break;
      await this.pause();
    }
    // Whoever is at it hears that nobody wants it any more.
    if (this.ended?.type !== 'told') this.stop();
    return this.ended;
  }

  private nowMs(): number {
    return this.needs.clock.monotonicMs();
  }

  private look(): There | null {
    const { tenantId, source } = this.run.asked;
    const { partition, agent: id } = source;
    const wanted = { tenant: tenantId, kind: 'agent', partition, id: id ?? '' };
    for (const entry of this.needs.cluster.names.list(wanted)) {
      const agent = edgeCandidateOf(entry);
      if (agent === null || entry.metadata.listens !== true) continue;
      const listsSources = agent.capabilities.includes(sourceCapability);
      const actor = entry.ref as Ref<CommandedAgentProtocol>;
      return { ref: actor.toString(), listsSources, actor };
    }
    return null;
  }

  private async perform(effects: readonly PlacedEffect[]): Promise<void> {
    for (const effect of effects) {
      if (effect.type === 'over') this.ended = effect.end;
      else if (effect.type === 'progress') {
        const { page, total, devices } = effect.said;
        Object.assign(this.run.asked.progress, { page, total, devices });
      } else await this.order(effect);
    }
  }

  private async order({ resume, instead }: PlacedEffect & { type: 'order' }): Promise<void> {
    const { call, cast, source, runId } = this.run.asked;
    const { actor } = this.there!;
    if (instead !== null) cast(actor).cancel(instead);
    const payload = orderListing({ runId, sourceId: source.id, resume });
    const commandId = await call(actor, listingAgentMs)
      .order(sourceRunCommand, payload, listingOrderLifeS)
      .catch(() => undefined);
    // It has gone since it was looked for: it is looked for again.
    if (commandId === undefined) this.run.plan.orderedTo = null;
    else await this.perform(stepPlaced(this.run.plan, { type: 'ordered', commandId, nowMs: this.nowMs() }));
  }

  private async ask({ actor }: There, commandId: string): Promise<void> {
    const seen = await this.run.asked
      .call(actor, listingAgentMs)
      .orderState(commandId)
      .catch(() => null);
    await this.perform(stepPlaced(this.run.plan, { type: 'seen', commandId, seen, nowMs: this.nowMs() }));
  }

  private stop(): void {
    const { call, cast, runId } = this.run.asked;
    const there = this.look();
    if (there === null) return;
    try {
      if (this.run.plan.commandId !== null) cast(there.actor).cancel(this.run.plan.commandId);
      call(there.actor, listingAgentMs)
        .order(sourceStopCommand, stopListing(runId), 60)
        .catch(() => {});
    } catch {
      // The keeper has ended: nothing can be said in its name any more, and the agent learns it when it brings a part.
    }
  }

  private pause(): Promise<void> {
    const { signal } = this.run.asked;
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.needs.clock.timer(listingLookMs, done);
      signal.addEventListener('abort', done);
    });
  }
}
