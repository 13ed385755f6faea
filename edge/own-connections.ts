/**
 * The connections of each program at the edge: few at once, since each may have calls open. One that lost its connection without a
 * word dials again, so the newest stays and the oldest goes.
 */
import type { Duplex } from 'node:stream';
import { connectionsPerAgentMax } from './limits.ts';

export class OwnConnections {
  private readonly byHolder = new Map<string, Duplex[]>();

  /** Ends the oldest of the same holder when this is one too many; answers whether it did. */
  add(holder: string, connection: Duplex): boolean {
    const own = this.byHolder.get(holder) ?? [];
    own.push(connection);
    this.byHolder.set(holder, own);
    connection.once('close', () => this.remove(holder, connection));
    if (own.length <= connectionsPerAgentMax) return false;
    own.shift()!.destroy();
    return true;
  }

  private remove(holder: string, connection: Duplex): void {
    const own = this.byHolder.get(holder)?.filter((one) => one !== connection) ?? [];
    if (own.length > 0) this.byHolder.set(holder, own);
    else this.byHolder.delete(holder);
  }
}
