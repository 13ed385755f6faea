/**
 * How one process reaches the database: turns at its connections (the store's own gate), the way there and back, and what
 * becomes of a statement that nobody waits for any more. Between the store's own statements and the simulated server.
 */

import type { Random } from '../../../runtime/index.ts';
import { createGate, type Gate } from '../../../store/gate.ts';
import { StoreError } from '../../../store/index.ts';
import { type EventLoop, socketPart } from '../event-loop.ts';
import { refusedMs, resentChance, wayMsMax } from './bounds.ts';
import type { Server, Statement } from './server.ts';
import type { SimProcess } from './sim-process.ts';

/** A process and the database do not reach each other: what was sent waits. */
interface Cut {
  readonly held: (() => unknown)[];
}

export class Client {
  readonly gate: Gate;
  private readonly loop: EventLoop;
  private readonly random: Random;
  private readonly server: Server;
  private readonly process: SimProcess;
  private readonly others: Client[] = [];
  private cut: Cut | null = null;

  constructor(loop: EventLoop, random: Random, server: Server, process: SimProcess, connections: number) {
    this.loop = loop;
    this.random = random;
    this.server = server;
    this.process = process;
    this.gate = createGate(connections, process.clock);
  }

  /** More connections of the same process, which are cut off with it. */
  beside(connections: number): Client {
    const other = new Client(this.loop, this.random, this.server, this.process, connections);
    this.others.push(other);
    return other;
  }

  isolate(): void {
    this.cut ??= { held: [] };
    for (const other of this.others) other.isolate();
  }

  rejoin(): void {
    const held = this.cut?.held ?? [];
    this.cut = null;
    // Packets that were lost come again, each in its own time.
    for (const other of this.others) other.rejoin();
    for (const one of held) this.loop.put(this.random.next() * wayMsMax, socketPart, null, one);
  }

  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.gate.enter();
    try {
      return await work();
    } finally {
      this.gate.leave();
    }
  }

  ask<T>(statement: Statement<T>, timeoutMs: number): Promise<T> {
    const { loop, process, server } = this;
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      const cancel = process.clock.timer(timeoutMs, () => {
        isGivenUp = true;
        reject(away('no answer in time'));
      });
      const answer = (act: () => void) => {
        loop.put(this.wayMs(), socketPart, process, () => {
          cancel();
          if (!isGivenUp) act();
        });
      };
      const back = (act: () => void) => {
        if (this.cut === null) answer(act);
        else this.cut.held.push(() => back(act));
      };
      const there = () => {
        if (!server.isUp) {
          loop.put(refusedMs, socketPart, null, () => back(() => reject(away('refused'))));
          return;
        }
        server.execute(statement, (outcome) => {
          back(() => ('value' in outcome ? resolve(outcome.value) : reject(outcome.error)));
        });
      };
      // The process may be gone or have given up by then: the server does not know.
      const send = () => {
        if (this.cut === null) there();
        else this.cut.held.push(() => (!isGivenUp || this.random.next() < resentChance) && send());
      };
      loop.put(this.wayMs(), socketPart, null, send);
    });
  }

  private wayMs(): number {
    return this.random.next() * wayMsMax;
  }
}

function away(why: string): StoreError {
  return new StoreError('store_unavailable', `the database cannot be reached: ${why}`);
}
