/** What calls that are under way hold of what agents sent: bounded for each agent and for the whole door. */
import { agentHeldBytesMax, doorHeldBytesMax } from './limits.ts';

export class HeldBytes {
  private readonly byAgent = new Map<string, number>();
  private total = 0;

  /** False: it would be too much, and nothing was taken. */
  take(agent: string, bytes: number): boolean {
    const held = this.byAgent.get(agent) ?? 0;
    if (held + bytes > agentHeldBytesMax || this.total + bytes > doorHeldBytesMax) return false;
    this.byAgent.set(agent, held + bytes);
    this.total += bytes;
    return true;
  }

  give(agent: string, bytes: number): void {
    const left = (this.byAgent.get(agent) ?? 0) - bytes;
    this.total -= bytes;
    if (left > 0) this.byAgent.set(agent, left);
    else this.byAgent.delete(agent);
  }

  get bytes(): number {
    return this.total;
  }
}
