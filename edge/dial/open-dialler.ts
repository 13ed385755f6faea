/**
 * Dials agents that only listen and asks them, for a poller: a connection for each source, kept between its polls, its certificate
 * judged again before each. Between the actor that is told what to ask (`actors/source-poller.ts`) and the questions.
 */
import type { PollJob, PollReport, ServiceOutcome } from '../../actors/messages.ts';
import type { NameResolver } from '../../checks/index.ts';
import type { EdgeTrust } from '../listener.ts';
import { AgentQuestions } from './agent-questions.ts';
import { dialAgent, judgeAgent } from './dial-agent.ts';
import { type DialFault, faulty, isFault } from './dial-errors.ts';
import { documentsAtOnceMax, linkIdleMs, linksKeptMax, toldCharactersMax } from './dial-limits.ts';
import { GrpcSession } from './grpc-session.ts';
import { type FoundTaker, type PollNeeds, pollAgent } from './poll-agent.ts';
import { Turns } from './turns.ts';

export interface DiallerNeeds {
  readonly node: string;
  readonly trust: EdgeTrust;
  readonly resolver: NameResolver;
  readonly clock: { wallMs(): number; monotonicMs(): number; timer(ms: number, run: () => void): () => void };
  readonly take: FoundTaker;
  /** One poll has this long, and one of which nothing is kept. */
  readonly pollMs: number;
  readonly testMs: number;
}

interface AgentLink {
  readonly session: GrpcSession;
  readonly chain: readonly Uint8Array[];
  /** Of all that the connection was made by: when it changes, another is made. */
  readonly made: string;
  cancelIdle: () => void;
}

export class AgentDialler {
  private readonly needs: DiallerNeeds;
  private readonly asking: PollNeeds;
  /** By tenant and source, the one that was used last at the end. */
  private readonly links = new Map<string, AgentLink>();

  constructor(needs: DiallerNeeds) {
    this.needs = needs;
    const { take, clock } = needs;
    const turns = new Turns(documentsAtOnceMax);
    this.asking = { questions: new AgentQuestions(), turns, take, wallMs: () => clock.wallMs() };
  }

  async poll(job: PollJob, signal: AbortSignal): Promise<PollReport> {
    const { clock, node, testMs } = this.needs;
    const pollMs = job.dry ? testMs : this.needs.pollMs;
    const untilMs = clock.monotonicMs() + pollMs;
    const ended = new AbortController();
    const abort = () => ended.abort();
    const cancelEnd = clock.timer(pollMs, abort);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    const base = { polledAtMs: Math.floor(clock.wallMs()), poller: node };
    try {
      const link = await this.linkOf(job, ended.signal);
      const peer = isFault(link) ? link : judgeAgent(this.needs, job, link.chain);
      if (isFault(link) || isFault(peer)) {
        if (!job.dry) this.end(keyOf(job));
        return { ...base, ...shown(isFault(peer) ? peer : null), agent: null, services: [] };
      }
      const { session } = link;
      const leftMs = () => untilMs - clock.monotonicMs();
      const asking = { session, agentId: peer.id, node, signal: ended.signal, leftMs };
      const services = await pollAgent(this.asking, asking, job, peer);
      const lost = lostWith(services, session);
      if (job.dry) session.close();
      else if (lost !== null) this.end(keyOf(job));
      return { ...base, ...shown(lost), agent: peer.id, services };
    } finally {
      cancelEnd();
      signal.removeEventListener('abort', abort);
    }
  }

  close(): void {
    for (const key of [...this.links.keys()]) this.end(key);
  }

  private async linkOf(job: PollJob, signal: AbortSignal): Promise<AgentLink | DialFault> {
    const key = keyOf(job);
    const made = this.madeBy(job);
    // A test has a connection of its own, so that it shows what dialling comes to.
    if (job.dry) return await this.dial(job, signal, made);
    const kept = this.links.get(key);
    if (kept !== undefined && kept.made === made && kept.session.isOpen) {
      this.keep(key, kept);
      return kept;
    }
    this.end(key);
    const link = await this.dial(job, signal, made);
    if (!isFault(link)) this.keep(key, link);
    return link;
  }

  private async dial(job: PollJob, signal: AbortSignal, made: string): Promise<AgentLink | DialFault> {
    const dialled = await dialAgent(this.needs, job, signal);
    if (isFault(dialled)) return dialled;
    const { tlsName, address } = job.source;
    const session = new GrpcSession(dialled.socket, tlsName ?? address, this.needs.clock);
    return { session, chain: dialled.chain, made, cancelIdle: () => {} };
  }

  /** Another certificate of ours, another address: another connection. */
  private madeBy({ source, client, allowAll }: PollJob): string {
    const own = client?.chainPem ?? this.needs.trust.credential().chainPem;
    return JSON.stringify([source.version, source.address, source.tlsName, own, allowAll]);
  }

  private keep(key: string, link: AgentLink): void {
    link.cancelIdle();
    link.cancelIdle = this.needs.clock.timer(linkIdleMs, () => {
      if (this.links.get(key) === link) this.end(key);
    });
    this.links.delete(key);
    this.links.set(key, link);
    if (this.links.size > linksKeptMax) this.end(this.links.keys().next().value as string);
  }

  private end(key: string): void {
    const link = this.links.get(key);
    if (link === undefined) return;
    this.links.delete(key);
    link.cancelIdle();
    link.session.close();
  }
}

function keyOf({ tenantId, source }: PollJob): string {
  return `${tenantId}/${source.id}`;
}

const silent: readonly string[] = ['no_answer', 'connection_lost', 'cancelled'];

/** An agent that answers nothing is not there, whatever its connection says: the next poll dials anew. */
function lostWith(services: readonly ServiceOutcome[], session: GrpcSession): DialFault | null {
  if (!session.isOpen) return session.endedBy ?? faulty('connection_lost', 'it ended during the poll');
  const isSilent = services.length > 0 && services.every(({ code }) => silent.includes(code));
  return isSilent ? faulty('no_answer', 'none of its services was answered about') : null;
}

function shown(fault: DialFault | null): { code: string; detail: string } {
  if (fault === null) return { code: 'ok', detail: '' };
  return { code: fault.fault, detail: fault.detail.slice(0, toldCharactersMax) };
}
