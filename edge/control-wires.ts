/**
 * The open control streams of this node, by number: what an agent's actor says goes out by them. A stream is no message, so
 * actors know the number and this holds the stream.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { ControlStreamResponse } from '../proto/index.ts';
import type { statusOf } from './errors.ts';
import { commandsMax } from './limits.ts';

export type ControlCall<Q> = ServerDuplexStream<Q, ControlStreamResponse>;

export class ControlWires {
  private readonly open = new Map<number, ControlCall<unknown>>();
  private numbers = 0;

  add<Q>(call: ControlCall<Q>): number {
    this.numbers += 1;
    this.open.set(this.numbers, call as ControlCall<unknown>);
    return this.numbers;
  }

  /** False when it is not open, or its agent does not read: then it is ended. */
  send(number: number, message: ControlStreamResponse): boolean {
    const call = this.open.get(number);
    if (call === undefined || call.cancelled || call.destroyed) return false;
    // One config and all commands may wait; an agent that leaves more unread is not reading.
    if (call.writableLength > commandsMax) {
      this.end(number);
      return false;
    }
    call.write(message);
    return true;
  }

  end(number: number): void {
    const call = this.open.get(number);
    if (this.open.delete(number)) call?.end();
  }

  /** With the status as the reason: their agents are to dial elsewhere. */
  refuseAll(status: ReturnType<typeof statusOf>): void {
    for (const call of this.open.values()) call.emit('error', status);
    this.open.clear();
  }

  has(number: number): boolean {
    return this.open.has(number);
  }
}
