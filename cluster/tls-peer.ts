/**
 * The peer at the other end of one TLS connection: what it presented, the verdict on it now, and the proofs of renewed
 * certificates in both directions. Between a socket and `certs/`; knows no frames.
 */
import type { TLSSocket } from 'node:tls';
import {
  type Credential,
  isRenewalProven,
  isReusedSession,
  type PeerPolicy,
  presentedChain,
  proveRenewal,
  type RenewalProof,
  type RevocationList,
  verifyPeer,
} from '../certs/index.ts';
import { isSamePeer, type PeerJudgement } from './transport.ts';

/** What is trusted, and when it is asked. */
export interface Trust {
  readonly roots: readonly Uint8Array[];
  readonly trustDomain: string;
  readonly nowMs: number;
  readonly revocationLists: readonly RevocationList[];
  readonly policy: PeerPolicy;
}

// Each direction has its own secret, so that a proof cannot be sent back to its maker.
const labels = { dialler: 'EXPORTER-picket-renewal-dialler', listener: 'EXPORTER-picket-renewal-listener' };
const bindingBytes = 32;

export class TlsPeer {
  judgement: PeerJudgement;
  private readonly trust: () => Trust;
  private readonly credential: () => Credential;
  private readonly resumed: boolean;
  private readonly ours: Uint8Array;
  private readonly theirs: Uint8Array;
  private chain: readonly Uint8Array[];

  constructor(socket: TLSSocket, dialled: boolean, trust: () => Trust, credential: () => Credential) {
    this.trust = trust;
    this.credential = credential;
    this.resumed = isReusedSession(socket);
    this.chain = presentedChain(socket);
    const [own, peer] = dialled ? (['dialler', 'listener'] as const) : (['listener', 'dialler'] as const);
    this.ours = exported(socket, labels[own]);
    this.theirs = exported(socket, labels[peer]);
    this.judgement = this.judge(this.chain);
  }

  rejudge(): PeerJudgement {
    this.judgement = this.judge(this.chain);
    return this.judgement;
  }

  proveRenewal(): RenewalProof | null {
    return this.ours.length === bindingBytes ? proveRenewal(this.credential(), this.ours) : null;
  }

  takeRenewal(proof: RenewalProof): PeerJudgement {
    const before = this.judgement;
    // Told again what is known: no judging, or that could be asked for without end. One leaf may lead to two roots.
    if (isSameChain(proof.chain, this.chain)) return before;
    const now = this.judge(proof.chain);
    if (!now.ok) return now;
    if (this.theirs.length !== bindingBytes || !isRenewalProven(proof, this.theirs)) {
      return { ok: false, code: 'chain_invalid', detail: 'the renewed certificate is not proven' };
    }
    if (!before.ok || !isSamePeer(before, now)) {
      return { ok: false, code: 'issuer_not_role', detail: 'the renewed certificate is of another peer' };
    }
    this.chain = proof.chain;
    this.judgement = now;
    return now;
  }

  private judge(chain: readonly Uint8Array[]): PeerJudgement {
    if (this.resumed)
      return { ok: false, code: 'no_certificate', detail: 'a resumed session proves nothing' };
    const verdict = verifyPeer({ chain, ...this.trust() });
    if (!verdict.ok) return { ok: false, code: verdict.error.code, detail: verdict.error.detail };
    return { ok: true, identity: verdict.identity, notAfterMs: verdict.notAfterMs, serial: verdict.serial };
  }
}

function isSameChain(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  return one.length === other.length && one.every((part, at) => Buffer.compare(part, other[at]!) === 0);
}

/** Empty when the socket is gone already: nothing is proven on it then. */
function exported(socket: TLSSocket, label: string): Uint8Array {
  try {
    return new Uint8Array(socket.exportKeyingMaterial(bindingBytes, label, Buffer.alloc(0)));
  } catch {
    return new Uint8Array(0);
  }
}
