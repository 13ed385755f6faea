/**
 * What every call goes through before its handler: draining, who is calling and whether they may, whether the message could
 * be read, and how much is held. Between grpc-js and the handlers, which see a peer and a message and answer with a value or
 * a refusal.
 */
import type { ServerReadableStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { followed, messageOf, type Tracing } from '../runtime/index.ts';
import type { Caller, Callers } from './callers.ts';
import { drainRefusal, type GatewayRefusal, isRefusal, type Outcome, refuse, statusOf } from './errors.ts';
import type { HeldBytes } from './held-bytes.ts';
import { type EdgePeer, holderOf } from './peer.ts';
import { judgeCall, judgeSaid } from './peer-policy.ts';
import type { Received } from './received.ts';
import type { RefusalCount } from './refusal-count.ts';

export interface CallNeeds {
  readonly callers: Callers;
  readonly held: HeldBytes;
  readonly refusals: RefusalCount;
  readonly isDraining: () => boolean;
  /** Gives each call an id; null: none has one. */
  readonly tracing: Tracing | null;
}

/** Who is calling, when they may. */
export function admit(
  needs: CallNeeds,
  call: Parameters<Callers['of']>[0] & { getPath(): string },
): Caller | GatewayRefusal {
  const caller = needs.callers.of(call);
  const refusal = judgeCall(caller?.peer ?? null, call.getPath());
  if (refusal !== null) return refusal;
  needs.refusals.heard(holderOf(caller!.peer));
  return needs.isDraining() ? drainRefusal : caller!;
}

export function told(needs: CallNeeds, peer: EdgePeer | null, refusal: GatewayRefusal) {
  needs.refusals.add(refusal.code, peer, refusal.detail);
  return statusOf(refusal);
}

export function unary<Q extends object, A>(
  needs: CallNeeds,
  work: (peer: EdgePeer, message: Q) => Promise<Outcome<A>> | Outcome<A>,
) {
  return async (call: ServerUnaryCall<Received<Q>, A>, answer: sendUnaryData<A>): Promise<void> => {
    const caller = admit(needs, call);
    if (isRefusal(caller)) {
      answer(told(needs, needs.callers.of(call)?.peer ?? null, caller));
      return;
    }
    const { peer } = caller;
    const received = call.request;
    const holder = holderOf(peer);
    if (!received.ok) answer(told(needs, peer, received.refusal));
    else if (!needs.held.take(holder, received.bytes)) answer(told(needs, peer, overfull));
    else {
      const mismatch = judgeSaid(peer, call.getPath(), received.message);
      const outcome = mismatch ?? (await settled(needs, call, () => work(peer, received.message)));
      needs.held.give(holder, received.bytes);
      if (isRefusal(outcome)) answer(told(needs, peer, outcome));
      else answer(null, outcome);
    }
  };
}

/**
 * A stream that is read to its end, then answered. `step` takes a message at a time, and its answer is waited for before the
 * next is read: how many bytes of it are kept until the end. `end` is asked when the peer has said all, `over` always.
 */
export function chunked<Q extends object, A>(
  needs: CallNeeds,
  begin: (peer: EdgePeer) => {
    step(message: Q, bytes: number): Promise<Outcome<{ keptBytes: number }>>;
    end(): Promise<Outcome<A>>;
    over(): void;
  },
) {
  return async (call: ServerReadableStream<Received<Q>, A>, answer: sendUnaryData<A>): Promise<void> => {
    const caller = admit(needs, call);
    if (isRefusal(caller)) {
      answer(told(needs, needs.callers.of(call)?.peer ?? null, caller));
      return;
    }
    const { peer } = caller;
    const holder = holderOf(peer);
    let held = 0;
    const stream = begin(peer);
    const outcome = await settled(needs, call, async (): Promise<Outcome<A>> => {
      if (!(await needs.held.calm(holder))) return refuse('tenant_unavailable', 'the store falls behind');
      for await (const received of call as AsyncIterable<Received<Q>>) {
        if (!received.ok) return received.refusal;
        if (!needs.held.take(holder, received.bytes)) return overfull;
        held += received.bytes;
        const mismatch = judgeSaid(peer, call.getPath(), received.message);
        if (mismatch !== null) return mismatch;
        const stepped = await stream.step(received.message, received.bytes);
        if (isRefusal(stepped)) return stepped;
        const passed = received.bytes - stepped.keptBytes;
        needs.held.give(holder, passed);
        held -= passed;
        caller.readNext();
      }
      return await stream.end();
    });
    stream.over();
    needs.held.give(holder, held);
    if (call.cancelled) return;
    if (isRefusal(outcome)) answer(told(needs, peer, outcome));
    else answer(null, outcome);
  };
}

const overfull = refuse('too_large', 'too much of this sender is under way: wait for its answers');

/** Comes of each agent all the time: while any step is open, Node follows every promise of the process. */
const frequentMethod = '/PushStatus';

/** What throws is a fault of ours, or a peer that went: told as UNAVAILABLE, so that it comes again. */
async function settled<A>(
  { tracing }: CallNeeds,
  call: { getPath(): string },
  work: () => Promise<Outcome<A>> | Outcome<A>,
): Promise<Outcome<A>> {
  const path = call.getPath();
  const isWorthIt = tracing?.isSampling === true || !path.endsWith(frequentMethod);
  const span = isWorthIt ? (tracing?.root('server', path) ?? null) : null;
  try {
    return await followed(span, work);
  } catch (error) {
    const where = span === null ? '' : ` (request id ${span.trace})`;
    return refuse('tenant_unavailable', `${messageOf(error)}${where}`);
  }
}
