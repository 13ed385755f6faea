/**
 * One poll of an agent that only listens: the state of each of its services, then what results there are, one document at a time. What
 * it says goes home as a push would; a sequence counts as taken when its document was. Between the questions and the taker.
 */
import { type PolledTarget, type PollJob, type ServiceOutcome, sequenceKey } from '../../actors/messages.ts';
import type { GatewayRefusal } from '../errors.ts';
import type { EdgePeer } from '../peer.ts';
import type { StatusItem } from '../status-items.ts';
import type { AgentQuestions, Asking } from './agent-questions.ts';
import { type DialFault, faulty, isFault } from './dial-errors.ts';
import { questionsAtOnceMax, toldCharactersMax } from './dial-limits.ts';
import type { JoinedDocument, StreamedType } from './document-join.ts';
import { Turns } from './turns.ts';

/** Takes what an agent said, as the gateway takes what one pushes. Null: all of it is stored. */
export type FoundTaker = (
  peer: EdgePeer,
  items: readonly StatusItem[],
  atMs: number,
) => Promise<GatewayRefusal | null>;

export interface PollNeeds {
  readonly questions: AgentQuestions;
  /** For documents, of all polls of this node. */
  readonly turns: Turns;
  readonly take: FoundTaker;
  readonly wallMs: () => number;
}

const cancelled = faulty('cancelled', 'the poll was ended before this was asked');

export async function pollAgent(
  needs: PollNeeds,
  asking: Asking,
  job: PollJob,
  peer: EdgePeer,
): Promise<ServiceOutcome[]> {
  const found = await askStatuses(needs, asking, job.source.services);
  const items = found.flatMap(({ item }) => (item === null ? [] : [item]));
  const refusal = items.length === 0 || job.dry ? null : await needs.take(peer, items, needs.wallMs());
  const outcomes: ServiceOutcome[] = [];
  for (const { service, item, fault } of found) {
    const untaken = refusal === null || item === null ? null : notTaken(refusal);
    const { type, name } = service;
    const seen: ServiceOutcome = { type, name, ...told(fault ?? untaken, 'ok'), sequence: '' };
    // What does not say how it is may still have results.
    outcomes.push(service.results ? await withResults(needs, asking, job, peer, service, seen) : seen);
  }
  return outcomes;
}

interface Found {
  readonly service: PolledTarget;
  readonly item: StatusItem | null;
  readonly fault: DialFault | null;
}

async function askStatuses(
  { questions }: PollNeeds,
  asking: Asking,
  services: readonly PolledTarget[],
): Promise<Found[]> {
  const turns = new Turns(questionsAtOnceMax);
  return await Promise.all(
    services.map(async (service): Promise<Found> => {
      const read = (await turns.run(asking.signal, () => questions.status(asking, service))) ?? cancelled;
      return isFault(read)
        ? { service, item: null, fault: read }
        : { service, item: read.item, fault: read.fault };
    }),
  );
}

async function withResults(
  needs: PollNeeds,
  asking: Asking,
  job: PollJob,
  peer: EdgePeer,
  service: PolledTarget,
  seen: ServiceOutcome,
): Promise<ServiceOutcome> {
  const last = job.sequences[sequenceKey(service)] ?? '';
  const outcome = await needs.turns.run(asking.signal, async () => {
    const document = await askResults(needs, asking, service, last);
    if (document === null || isFault(document) || job.dry) return document;
    const { data: message } = document;
    const { name, type } = service;
    const item = {
      name,
      type,
      source: 'results',
      agentId: peer.id,
      available: true,
      message,
      latencyMs: null,
    };
    const refusal = await needs.take(peer, [item], needs.wallMs());
    return refusal === null ? document : notTaken(refusal);
  });
  const ended = outcome === undefined ? cancelled : outcome;
  if (isFault(ended)) return seen.code === 'ok' ? { ...seen, ...told(ended, 'ok') } : seen;
  const code = seen.code === 'ok' && ended === null ? 'nothing_new' : seen.code;
  return { ...seen, code, sequence: ended?.sequence ?? last };
}

function askResults(
  { questions }: PollNeeds,
  asking: Asking,
  service: PolledTarget,
  last: string,
): Promise<JoinedDocument | DialFault> {
  const { type } = service;
  return isStreamed(type)
    ? questions.stream(asking, service, type, last)
    : questions.results(asking, service, last);
}

/** Of these an agent has too much for one message. */
function isStreamed(type: string): type is StreamedType {
  return type === 'sweep' || type === 'sync';
}

function notTaken({ code, detail }: GatewayRefusal): DialFault {
  return faulty('not_taken', `${code}: ${detail}`);
}

function told(fault: DialFault | null, otherwise: string): { code: string; detail: string } {
  if (fault === null) return { code: otherwise, detail: '' };
  return { code: fault.fault, detail: fault.detail.slice(0, toldCharactersMax) };
}
