/**
 * What the compiler knows of refs, tried by `npm run check` alone: each line under `@ts-expect-error` must not compile,
 * and what follows it must. Nothing here is run.
 */
import type { ClusterNode, RunningNode } from '../../cluster/index.ts';
import {
  type ActorSystem,
  childOf,
  defineActor,
  type Ref,
  type Self,
  type SupervisorProtocol,
  supervisor,
} from '../../runtime/index.ts';

interface CounterProtocol {
  start: [from: number];
  call: { value(): number };
  cast: { add(amount: number): void; tell(to: Ref<CounterProtocol>): void };
}

interface OtherProtocol {
  start: [];
  call: { name(): string };
  cast: { rename(to: string): void };
}

const counter = defineActor<number, CounterProtocol>({
  name: 'counter',
  init(self, from) {
    self.cast(self.ref).add(1);
    // @ts-expect-error: the actor's own ref has its own protocol
    self.cast(self.ref).rename('x');
    return from;
  },
  call: { value: (self) => self.state },
  cast: {
    add(self, amount) {
      self.state += amount;
      again(self);
    },
    tell(self, to) {
      self.cast(to).tell(self.ref);
    },
  },
});

/** A function beside the definition, typed and not. */
function again(self: Self<number, CounterProtocol>): void {
  self.cast(self.ref).add(1);
  untyped(self);
}

function untyped(self: Self<number>): void {
  // @ts-expect-error: nothing is known of this ref
  self.cast(self.ref).add(1);
}

export async function names(system: ActorSystem, self: Self<null>, node: RunningNode): Promise<void> {
  const known = system.whereis<CounterProtocol>('counter');
  if (known !== null) system.cast(known).add(1);
  const same: Ref<CounterProtocol> | null = self.whereis('counter');
  if (same !== null) self.cast(same).add(1);
  const plain = system.whereis('counter');
  if (plain === null) return;
  // @ts-expect-error: a ref without a protocol takes no casts
  system.cast(plain).add(1);
  // @ts-expect-error: nor calls
  await system.call(plain).value();
  // @ts-expect-error: and is no ref of a protocol
  const wrong: Ref<CounterProtocol> = plain;
  // A plain ref takes any, for links, monitors and exits.
  const any: Ref = wrong;
  self.monitor(any);
  const found = await node.find<CounterProtocol>({ tenant: 't', partition: 'p', kind: 'k', id: 'i' });
  const value: number = await node.system.call(found).value();
  // @ts-expect-error: an argument of another type
  node.system.cast(found).add(String(value));
  // @ts-expect-error: a ref of another protocol
  const other: Ref<OtherProtocol> = found;
  node.system.exit(other, 'shutdown');
}

export async function children(system: ActorSystem): Promise<void> {
  const top = system.spawn(
    supervisor({ name: 'top', make: (id) => ({ id, start: childOf(counter, 0) }) }, []),
  );
  system.cast(await system.call(top).startChild('a')).add(1);
  // @ts-expect-error: the children are counters
  system.cast(await system.call(top).startChild('a')).rename('x');
  const any: Ref<SupervisorProtocol> = top;
  // @ts-expect-error: of a supervisor that may have any children a child is any actor
  system.cast(await system.call(any).startChild('a')).add(1);
  // @ts-expect-error: the arguments of its start are those of the protocol
  childOf(counter, 'none');
}

/** What a library user has, the node of the command has too. */
export function same(node: ClusterNode): RunningNode['topics'] {
  return node.topics;
}
