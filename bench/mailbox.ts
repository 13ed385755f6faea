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
import { burstMessages } from './limits.ts';
import { perSecond } from './ours/callers.ts';
import { type CounterProtocol, counter } from './ours/counter.ts';
import { openErlang } from './peers/erlang.ts';
import { dispatched, openNact } from './peers/nact.ts';

const messages = 1_000_000;
/** A tenth of a second is enough of what takes ten times as long. */
const nactMessages = 100_000;

interface SenderProtocol {
  start: [to: Ref<CounterProtocol>];
  call: Record<never, never>;
  cast: { send(left: number): void };
}

const sender = defineActor<{ to: Ref<CounterProtocol> }, SenderProtocol>({
  name: 'sender',
  init(self, to) {
    self.link(to);
    self.monitor(to);
    return { to };
  },
  call: {},
  cast: {
    send(self, left) {
      const now = Math.min(left, burstMessages);
      let sent = 0;
      // A full mailbox refuses: what was not taken is sent again, after the receiver had its turn.
      while (sent < now && self.cast(self.state.to).tick(sent)) sent += 1;
      if (left > sent) self.cast(self.ref as Ref<SenderProtocol>).send(left - sent);
    },
  },
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
      const arrived = system.call(to, 60_000).arrived(messages);
      await system.call(to).ping();
      const startMs = performance.now();
      system.cast(from).send(messages);
      await arrived;
      const elapsedMs = performance.now() - startMs;
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
