/**
 * Local casts, one to one: one actor casts to one other, which counts. Ours runs with everything on: the receiver is a
 * supervisor's child, and the sender is linked to it and monitors it. Beside us: OTP's gen_server and nact.
 */
import {
  ActorSystem,
  childOf,
  defineActor,
  type Ref,
  type SupervisorProtocol,
  supervisor,
} from '../runtime/index.ts';
import type { Bench, Running } from './bench.ts';
import { answerTimeoutMs, burstMessages } from './limits.ts';
import { perSecond } from './ours/callers.ts';
import { type CounterProtocol, counter } from './ours/counter.ts';
import { openErlang } from './peers/erlang.ts';
import { dispatched, openNact } from './peers/nact.ts';

const messages = 1_000_000;
/** A tenth of a second is enough of what takes ten times as long. */
const nactMessages = 100_000;

interface SenderProtocol {
  start: [to: Ref<CounterProtocol>];
  /** Resolves when the receiver has handled all. */
  call: { send(count: number): Promise<void> };
  cast: Record<never, never>;
}

const sender = defineActor<{ to: Ref<CounterProtocol> }, SenderProtocol>({
  name: 'sender',
  init(self, to) {
    self.link(to);
    self.monitor(to);
    return { to };
  },
  call: {
    async send(self, count) {
      const { to } = self.state;
      for (let left = count; left > 0; left -= burstMessages) {
        const now = Math.min(left, burstMessages);
        for (let n = 0; n < now; n += 1) self.cast(to).tick(n);
        // The mailbox is bounded, so a sender has to wait for its receiver now and then.
        await self.call(to).ping();
      }
    },
  },
  cast: {},
});

async function openOurs(): Promise<Running> {
  const system = new ActorSystem();
  const top = system.spawn(
    supervisor({ name: 'bench' }, [{ id: 'counter', start: childOf(counter) }]),
  ) as Ref<SupervisorProtocol>;
  const to = await started(system, top);
  const from = system.spawn(sender, to);
  return {
    async round() {
      const before = await system.call(to).count();
      const startMs = performance.now();
      await system.call(from, answerTimeoutMs).send(messages);
      const elapsedMs = performance.now() - startMs;
      const arrived = (await system.call(to).count()) - before;
      if (arrived !== messages) throw new Error(`${messages} were sent and ${arrived} arrived`);
      return { cast_per_s: perSecond(messages, elapsedMs) };
    },
    async close() {
      system.exit(from, 'kill');
      system.exit(top, 'kill');
    },
  };
}

async function started(system: ActorSystem, top: Ref<SupervisorProtocol>): Promise<Ref<CounterProtocol>> {
  for (;;) {
    const ref = (await system.call(top).children())[0]?.ref;
    if (ref) return ref as Ref<CounterProtocol>;
  }
}

export const mailbox: Bench = {
  name: 'mailbox',
  about: 'local casts from one actor to another, beside OTP and nact',
  figures: [{ key: 'cast_per_s', better: 'more' }],
  rounds: 9,
  contenders: [
    { name: 'ours', open: openOurs },
    { name: 'otp', open: () => openErlang(`mailbox ${messages}`) },
    {
      name: 'nact',
      open: () =>
        openNact(async (nact, system) => ({
          cast_per_s: perSecond(nactMessages, await dispatched(nact, system, nactMessages)),
        })),
    },
  ],
};
