/**
 * Whoever waits for a child to run, or to run no more: `start` and `stop` are answered by what the registry shows on the node
 * that asks, so that the name is found there when they are. Between the supervisor's door and its watch over names.
 */
import { type Ref, Timer, type TimerWheel } from '../runtime/index.ts';
import { ClusterError } from './errors.ts';

interface Waiting {
  /** Of a start: what must run. Null: it must not run. */
  readonly version: string | null;
  readonly timer: Timer;
  resolve(ref: Ref | null): void;
  reject(error: ClusterError): void;
}

export class Answers {
  private readonly wheel: TimerWheel;
  private readonly byId = new Map<string, Waiting[]>();

  constructor(wheel: TimerWheel) {
    this.wheel = wheel;
  }

  wait(id: string, version: string | null, withinMs: number): Promise<Ref | null> {
    return new Promise((resolve, reject) => {
      const what = version === null ? 'stop' : 'start';
      const late = () => {
        this.settle(
          id,
          (one) => one === waiting,
          () => {},
        );
        reject(new ClusterError('call_timeout', `${what} ${id}: not done within ${withinMs} ms`));
      };
      const waiting: Waiting = { version, timer: new Timer(late), resolve, reject };
      this.wheel.set(waiting.timer, withinMs);
      const others = this.byId.get(id);
      if (others === undefined) this.byId.set(id, [waiting]);
      else others.push(waiting);
    });
  }

  /** The name leads to that version of the child now. */
  runs(id: string, version: unknown, ref: Ref): void {
    if (!this.byId.has(id)) return;
    this.settle(
      id,
      (one) => one.version !== null && one.version === version,
      (one) => one.resolve(ref),
    );
  }

  runsNoMore(id: string): void {
    if (!this.byId.has(id)) return;
    this.settle(
      id,
      ({ version }) => version === null,
      (one) => one.resolve(null),
    );
  }

  failed(id: string, version: string, error: ClusterError): void {
    this.settle(
      id,
      (one) => one.version === version,
      (one) => one.reject(error),
    );
  }

  /** Another version is wanted now, or none: those who wait for an earlier one wait in vain. */
  superseded(id: string, present: string | null): void {
    if (!this.byId.has(id)) return;
    const error = () =>
      new ClusterError('no_such_child', `${id} was stopped, or started otherwise, meanwhile`);
    this.settle(
      id,
      ({ version }) => version !== null && version !== present,
      (one) => one.reject(error()),
    );
  }

  end(): void {
    const error = new ClusterError('leaving', 'the node stops');
    for (const id of [...this.byId.keys()])
      this.settle(
        id,
        () => true,
        (one) => one.reject(error),
      );
  }

  private settle(id: string, which: (one: Waiting) => boolean, act: (one: Waiting) => void): void {
    const waiting = this.byId.get(id);
    if (waiting === undefined) return;
    const rest = waiting.filter((one) => !which(one));
    if (rest.length === waiting.length) return;
    if (rest.length === 0) this.byId.delete(id);
    else this.byId.set(id, rest);
    for (const one of waiting) {
      if (!which(one)) continue;
      this.wheel.clear(one.timer);
      act(one);
    }
  }
}
