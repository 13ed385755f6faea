/**
 * How often one address may begin a handshake, and that who was refused may do so less often. Pure; nobody has shown a
 * certificate at this point, so the address is all that there is to go by. Handshakes under way are handshakes.ts's.
 */
import {
  handshakeAddressesMax,
  handshakesPerAddressBurst,
  handshakesPerAddressPerS,
  refusalForgottenMs,
  refusedHandshakeCost,
  refusedHandshakeCostMax,
} from './limits.ts';

/** More of them cost no more. */
const refusalsMax = Math.log2(refusedHandshakeCostMax / refusedHandshakeCost);

interface Left {
  handshakes: number;
  /** Of late, so many; parts of one as they are forgotten. */
  refusals: number;
  atMs: number;
}

export class HandshakeRate {
  /** By address, the latest last. */
  private readonly addresses = new Map<string, Left>();

  /** Whether it may begin one now. */
  admits(remote: string, nowMs: number): boolean {
    const left = this.leftOf(remote, nowMs);
    if (left.handshakes < 1) return false;
    left.handshakes -= 1;
    return true;
  }

  /** `wasTold`: that it is not to come for a while, by the tenant fence. Nodes of ours come again as often as they always do. */
  blame(remote: string, nowMs: number, wasTold: boolean): void {
    const left = this.leftOf(remote, nowMs);
    if (!wasTold) {
      left.handshakes = Math.max(-refusedHandshakeCost, left.handshakes - refusedHandshakeCost);
      return;
    }
    const cost = Math.min(refusedHandshakeCostMax, refusedHandshakeCost * 2 ** left.refusals);
    left.handshakes = Math.max(-cost, left.handshakes - cost);
    left.refusals = Math.min(refusalsMax, left.refusals + 1);
  }

  get size(): number {
    return this.addresses.size;
  }

  private leftOf(remote: string, nowMs: number): Left {
    const address = networkOf(remote);
    const left = this.addresses.get(address) ?? {
      handshakes: handshakesPerAddressBurst,
      refusals: 0,
      atMs: nowMs,
    };
    const passedMs = Math.max(0, nowMs - left.atMs);
    const regained = (passedMs * handshakesPerAddressPerS) / 1_000;
    left.handshakes = Math.min(handshakesPerAddressBurst, left.handshakes + regained);
    left.refusals = Math.max(0, left.refusals - passedMs / refusalForgottenMs);
    left.atMs = nowMs;
    this.addresses.delete(address);
    this.addresses.set(address, left);
    if (this.addresses.size > handshakeAddressesMax)
      this.addresses.delete(this.addresses.keys().next().value as string);
    return left;
  }
}

/** An IPv4 address; of IPv6 the first 64 bits, which are all one host's. */
export function networkOf(remote: string): string {
  if (!remote.includes(':')) return remote;
  if (remote.includes('.')) return remote.slice(remote.lastIndexOf(':') + 1);
  const [before = '', after] = remote.split('%', 1)[0]!.split('::', 2);
  const first = before === '' ? [] : before.split(':');
  const last = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
}
