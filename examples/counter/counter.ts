/** One actor in one process: a state, a call, two casts, and what a call gets after the actor's end. */
import { ActorSystem, defineActor, type RuntimeError } from 'picket/runtime';

/** What the actor answers to. Senders need this alone; the compiler checks methods, arguments and replies by it. */
interface CounterProtocol {
  start: [from: number];
  call: { value(): number };
  cast: { add(n: number): void; reset(): void };
}

const counter = defineActor<number, CounterProtocol>({
  name: 'counter',
  init: (_self, from) => from,
  call: { value: (self) => self.state },
  cast: {
    add(self, n) {
      self.state += n;
    },
    reset(self) {
      self.state = 0;
    },
  },
});

const system = new ActorSystem();
const ref = system.spawn(counter, 5);

system.cast(ref).add(2);
console.log(`value: ${await system.call(ref).value()}`);

system.cast(ref).reset();
system.cast(ref).add(1);
console.log(`after reset: ${await system.call(ref).value()}`);

const ended = system.ended(ref);
system.exit(ref, 'shutdown');
console.log(`ended: ${await ended}`);

try {
  await system.call(ref).value();
} catch (error) {
  console.log(`a call after that: ${(error as RuntimeError).code}`);
}
// A process may linger for seconds after its last call, until the call's cancelled deadline has gone by.
process.exit(0);
