/**
 * The peer of a connection that is not TLS, as the wires of tests play it: what it shows is taken for proven, and judged by
 * its time and by what was revoked. Between those wires (memory-transport.ts, the simulator's) and the links.
 */
import type { PeerIdentity, RenewalProof } from '../../certs/index.ts';
import { isSamePeer, type PeerJudgement } from '../transport.ts';

export interface PlayedCredential {
  readonly identity: PeerIdentity;
  readonly serial: string;
  /** Unix milliseconds. */
  readonly notAfterMs: number;
}

/** What one node has, and what it trusts. */
export interface PlayedPapers {
  credential: PlayedCredential;
  /** Serials. */
  readonly revoked: Set<string>;
  /** By the node's own clock. */
  wallMs(): number;
}

/** Papers that never end, of a node that revokes nobody. */
export function lastingPapers(identity: PeerIdentity, serial: string): PlayedPapers {
  const credential = { identity, serial, notAfterMs: Number.MAX_SAFE_INTEGER };
  return { credential, revoked: new Set(), wallMs: () => 0 };
}

export class PlayedPeer {
  judgement: PeerJudgement;
  private readonly own: PlayedPapers;
  private shown: PlayedCredential;

  /** What the peer had when the connection was made stays until it proves another. */
  constructor(own: PlayedPapers, peer: PlayedPapers) {
    this.own = own;
    this.shown = peer.credential;
    this.judgement = this.judge(this.shown);
  }

  rejudge(): PeerJudgement {
    this.judgement = this.judge(this.shown);
    return this.judgement;
  }

  proveRenewal(): RenewalProof {
    const chain = [Buffer.from(JSON.stringify(this.own.credential))];
    return { chain, signature: new Uint8Array(0) };
  }

  takeRenewal({ chain }: RenewalProof): PeerJudgement {
    const shown = JSON.parse(Buffer.from(chain[0]!).toString()) as PlayedCredential;
    const now = this.judge(shown);
    if (!now.ok) return now;
    if (!this.judgement.ok || !isSamePeer(this.judgement, now))
      return { ok: false, code: 'issuer_not_role', detail: 'the renewed certificate is of another peer' };
    this.shown = shown;
    this.judgement = now;
    return now;
  }

  private judge({ identity, serial, notAfterMs }: PlayedCredential): PeerJudgement {
    const { revoked } = this.own;
    if (revoked.has(serial)) return { ok: false, code: 'revoked', detail: `serial ${serial}` };
    if (this.own.wallMs() > notAfterMs) return { ok: false, code: 'expired', detail: `serial ${serial}` };
    return { ok: true, identity, notAfterMs, serial };
  }
}
