/**
 * An actor that casts bytes to an actor of another node as fast as the link takes them. When the link says that it is
 * busy the sender waits a moment and goes on; nothing is dropped, and the far side's count proves it.
 */
import { type ActorSystem, defineActor, type LaterReply, type Ref, type Self } from '../../runtime/index.ts';
import { answerTimeoutMs, linkBusyWaitMs, remoteBurstBytes, remoteBurstMessages } from '../limits.ts';
import type { CounterProtocol } from './counter.ts';

interface StreamProtocol {
  start: [to: Ref<CounterProtocol>, payloadBytes: number];
  /** Answers how many were sent when the time is over. */
  call: { run(untilMs: number): Promise<number> };
  cast: { burst(): void };
}

interface Stream {
  to: Ref<CounterProtocol>;
  payload: Uint8Array;
  burst: number;
  untilMs: number;
  sent: number;
  asked: LaterReply | null;
}

const stream = defineActor<Stream, StreamProtocol>({
  name: 'stream',
  init: (_self, to, payloadBytes) => ({
    to,
    payload: new Uint8Array(payloadBytes).fill(7),
    burst: Math.max(1, Math.min(remoteBurstMessages, Math.floor(remoteBurstBytes / payloadBytes))),
    untilMs: 0,
    sent: 0,
    asked: null,
  }),
  call: {
    run(self, untilMs) {
      self.state.untilMs = untilMs;
      self.state.asked = self.replyLater();
      burst(self);
      return self.state.asked;
    },
  },
  cast: { burst },
  info(self, info) {
    if (info.type === 'timeout') burst(self);
  },
});

function burst(self: Self<Stream, StreamProtocol>): void {
  const { state } = self;
  if (self.monotonicMs() >= state.untilMs) {
    state.asked?.answer(state.sent);
    return;
  }
  for (let n = 0; n < state.burst; n += 1) {
    if (!self.cast(state.to).data(state.payload)) {
      self.after(linkBusyWaitMs, 'link_busy');
      return;
    }
    state.sent += 1;
  }
  self.cast(self.ref).burst();
}

/** Casts a second for `forMs`, until the far side has handled the last one. Throws when one was lost. */
export async function streamOf(
  system: ActorSystem,
  to: Ref<CounterProtocol>,
  payloadBytes: number,
  forMs: number,
): Promise<number> {
  const before = await system.call(to).count();
  const sender = system.spawn(stream, to, payloadBytes);
  const startMs = performance.now();
  const sent = await system.call(sender, answerTimeoutMs).run(startMs + forMs);
  // Behind the casts on the same link, so its answer says that all were handled.
  const after = await system.call(to, answerTimeoutMs).count();
  const elapsedMs = performance.now() - startMs;
  system.exit(sender, 'kill');
  if (after - before !== sent) throw new Error(`${sent} casts were sent and ${after - before} arrived`);
  return (sent * 1_000) / elapsedMs;
}
