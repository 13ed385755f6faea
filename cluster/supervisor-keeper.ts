/**
 * The parent of all supervised children of a node: the actor to which they are linked, and what is done to them: started,
 * asked for their state, stopped in their time or killed. Performs; supervisor.ts has it decided.
 */
import {
  type ActorSystem,
  type Definition,
  defineActor,
  type Protocol,
  type Ref,
  Timer,
} from '../runtime/index.ts';
import { handoffMs, supervisedShutdownMs } from './limits.ts';

/**
 * What runs as children of one kind. With `handoff` a child that moves gives its state as plain data, and `init` is given one
 * more argument, the last: what was handed over, or null when it starts afresh.
 */
export interface ChildKind {
  // biome-ignore lint/suspicious/noExplicitAny: kinds of all states and protocols stand in one table
  readonly definition: Definition<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly handoff?: (state: any) => unknown;
}

export interface KeeperNeeds {
  readonly system: ActorSystem;
  started(id: string, ref: Ref): void;
  /** `state`: what it handed over, or null. */
  ended(id: string, ref: Ref, reason: string, detail: string | null, state: unknown): void;
}

interface Kept {
  readonly id: string;
  readonly ref: Ref;
  readonly handsOver: boolean;
  state: unknown;
  killTimer: Timer | null;
}

/** No method of a protocol is spelled so: it can be called from here alone. */
const handoffMethod = 'supervisor:handoff';

export class Keeper {
  private readonly needs: KeeperNeeds;
  private readonly ref: Ref;
  private readonly kinds = new Map<
    string,
    { definition: Definition<unknown, Protocol>; handsOver: boolean }
  >();
  private readonly byId = new Map<string, Kept>();
  private readonly byRef = new Map<number, Kept>();

  constructor(needs: KeeperNeeds, kinds: Readonly<Record<string, ChildKind>>) {
    this.needs = needs;
    for (const [kind, { definition, handoff }] of Object.entries(kinds)) {
      const handsOver = handoff !== undefined;
      this.kinds.set(kind, {
        definition: handsOver ? withHandoff(definition, handoff) : definition,
        handsOver,
      });
    }
    this.ref = needs.system.spawn(keeperActor((ref, reason, detail) => this.childEnded(ref, reason, detail)));
  }

  refOf(id: string): Ref | null {
    return this.byId.get(id)?.ref ?? null;
  }

  start(id: string, kind: string, args: readonly unknown[], handed: unknown): void {
    const { definition, handsOver } = this.kinds.get(kind)!;
    const given = handsOver ? [...args, handed] : [...args];
    const onStarted = { answer: () => this.needs.started(id, kept.ref), fail: () => {} };
    const ref = this.needs.system.start(definition, given, this.ref, true, onStarted);
    const kept: Kept = { id, ref, handsOver, state: null, killTimer: null };
    this.byId.set(id, kept);
    this.byRef.set(ref.id, kept);
  }

  /** `ended` follows. Messages that it got before are handled first when it hands over. Another one, more urgent, may follow. */
  stop(id: string, reason: string, handoff: boolean): void {
    const kept = this.byId.get(id);
    if (kept === undefined) return;
    const { system } = this.needs;
    const { ref } = kept;
    const asks = handoff && kept.handsOver;
    if (asks) {
      system.deliverCall(ref, handoffMethod, [], handoffMs, {
        answer(state) {
          kept.state = state;
        },
        fail: () => this.exit(ref, reason),
      });
    } else this.exit(ref, reason);
    if (kept.killTimer !== null) system.wheel.clear(kept.killTimer);
    kept.killTimer = new Timer(() => this.exit(ref, 'kill'));
    system.wheel.set(kept.killTimer, asks ? handoffMs : supervisedShutdownMs);
  }

  /** Ends the children with it. */
  end(): void {
    this.needs.system.exit(this.ref, 'shutdown');
  }

  private exit(ref: Ref, reason: string): void {
    this.needs.system.relations.sendExit(this.ref, ref, reason, null, false);
  }

  private childEnded(ref: Ref, reason: string, detail: string | null): void {
    const kept = this.byRef.get(ref.id);
    if (kept === undefined) return;
    this.byRef.delete(ref.id);
    this.byId.delete(kept.id);
    if (kept.killTimer !== null) this.needs.system.wheel.clear(kept.killTimer);
    this.needs.ended(kept.id, ref, reason, detail, kept.state);
  }
}

interface KeeperProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

function keeperActor(
  childEnded: (ref: Ref, reason: string, detail: string | null) => void,
): Definition<null, KeeperProtocol> {
  return defineActor<null, KeeperProtocol>({
    name: 'supervised children',
    trapExit: true,
    init: () => null,
    call: {},
    cast: {},
    info(_self, info) {
      if (info.type === 'exit') childEnded(info.ref, info.reason, info.detail);
    },
    // Children are linked to it and would not be heard of any more.
    terminate() {},
  });
}

/** The state is taken in the child's own turn, after all that came before, and the child ends with the same turn. */
function withHandoff(
  definition: Definition<unknown, Protocol>,
  handoff: (state: unknown) => unknown,
): Definition<unknown, Protocol> {
  return {
    ...definition,
    call: {
      ...definition.call,
      [handoffMethod](self) {
        self.stop('shutdown');
        return handoff(self.state);
      },
    },
  };
}
