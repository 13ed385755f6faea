/**
 * Looks over the open links: a peer whose certificate has ended or was revoked loses its link, with the code in both
 * logs; a certificate that was renewed is proven on the links that are open, so that it does not end them. Beside the
 * mesh, which tells it of links; what is due is link-judgement.ts's decision.
 */
import type { RenewalProof } from '../certs/index.ts';
import type { Clock } from '../runtime/index.ts';
import { RenewalRate } from './admission/renewal-rate.ts';
import type { Codec } from './codec.ts';
import { ClusterError } from './errors.ts';
import { linkLookMs, linksJudgedPerTurnMax } from './limits.ts';
import type { Link } from './link.ts';
import { dueForJudgement, isDue, type Judged, type JudgedNow } from './link-judgement.ts';
import { type Connection, isSamePeer, type PeerJudgement, type Transport } from './transport.ts';

export interface LinkWatchOptions {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly log: (level: 'debug' | 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
}

interface Watched extends Judged {
  readonly link: Link;
  readonly connection: Connection;
  trustVersion: number;
  notAfterMs: number;
  /** Of our own certificate, as the peer knows it. */
  credentialVersion: number;
  /** Of the peer's. */
  readonly renewals: RenewalRate;
}

interface Settled extends Judged {
  readonly credentialVersion: number;
}

export class LinkWatch {
  private readonly options: LinkWatchOptions;
  private readonly watched = new Map<Link, Watched>();
  private cancel: (() => void) | null = null;
  /** What all links were found to be good by, and proven with; null: one of them is to be looked at. */
  private settled: Settled | null = null;

  constructor(options: LinkWatchOptions) {
    this.options = options;
  }

  /** From its first verdict on; a link that was refused is not watched. */
  add(link: Link, connection: Connection): void {
    const { transport } = this.options;
    const { peer } = connection;
    if (!peer.ok) return;
    this.settled = null;
    this.watched.set(link, {
      link,
      connection,
      trustVersion: transport.trustVersion(),
      notAfterMs: peer.notAfterMs,
      credentialVersion: transport.credentialVersion(),
      renewals: new RenewalRate(this.options.clock.monotonicMs()),
    });
    if (this.cancel === null) this.lookLater();
  }

  remove(link: Link): void {
    this.watched.delete(link);
  }

  stop(): void {
    this.cancel?.();
    this.watched.clear();
  }

  /** The peer proves a renewed certificate. */
  renewal(link: Link, payload: Uint8Array): void {
    const watched = this.watched.get(link);
    if (watched === undefined) return;
    if (!watched.renewals.admits(this.options.clock.monotonicMs())) {
      link.close('too_many', 'renewed certificates faster than any is renewed');
      return;
    }
    const proof = this.readProof(payload);
    if (proof === null) {
      link.close('cannot_decode', 'credential');
      return;
    }
    const judgement = watched.connection.takeRenewal(proof);
    if (!judgement.ok) {
      this.refuse(watched, judgement);
      return;
    }
    // What is trusted is asked at the next look, of a certificate that was told again as well.
    watched.notAfterMs = judgement.notAfterMs;
    this.settled = null;
    const { serial } = judgement;
    this.options.log('debug', 'peer renewed its certificate', { address: link.address, serial });
  }

  private lookLater(): void {
    this.cancel = this.options.clock.timer(linkLookMs, () => {
      this.cancel = null;
      this.look();
      if (this.watched.size > 0) this.lookLater();
    });
  }

  private look(): void {
    const { transport, clock } = this.options;
    const now = { trustVersion: transport.trustVersion(), wallMs: clock.wallMs() };
    const credentialVersion = transport.credentialVersion();
    if (this.isSettled(now, credentialVersion)) return;
    for (const watched of dueForJudgement(this.watched.values(), now, linksJudgedPerTurnMax)) {
      const before = watched.connection.peer;
      const judgement = watched.connection.rejudge();
      if (!judgement.ok) this.refuse(watched, judgement);
      else if (!isSamePeer(before, judgement)) {
        const detail = 'the policy names this peer otherwise now';
        this.refuse(watched, { ok: false, code: 'issuer_not_role', detail });
      } else {
        watched.trustVersion = now.trustVersion;
        watched.notAfterMs = judgement.notAfterMs;
      }
    }
    for (const watched of this.watched.values()) this.prove(watched, credentialVersion);
    this.settled = this.settledBy(now.trustVersion, credentialVersion);
  }

  /** Mostly: then no link is looked at, of which there may be hundreds that lie far from each other in memory. */
  private isSettled(now: JudgedNow, credentialVersion: number): boolean {
    const { settled } = this;
    if (settled === null || settled.credentialVersion !== credentialVersion) return false;
    return !isDue(settled, now);
  }

  private settledBy(trustVersion: number, credentialVersion: number): Settled | null {
    let notAfterMs = Number.POSITIVE_INFINITY;
    for (const watched of this.watched.values()) {
      if (watched.trustVersion !== trustVersion || watched.credentialVersion !== credentialVersion)
        return null;
      notAfterMs = Math.min(notAfterMs, watched.notAfterMs);
    }
    return { trustVersion, credentialVersion, notAfterMs };
  }

  /** Tells a node that our certificate is another now; operators' commands end long before it matters. */
  private prove(watched: Watched, credentialVersion: number): void {
    const { link, connection } = watched;
    if (watched.credentialVersion === credentialVersion || link.peer === null) return;
    watched.credentialVersion = credentialVersion;
    if (link.peer.identity.kind === 'operator') return;
    const proof = connection.proveRenewal();
    if (proof !== null) link.sendControl('credential', {}, this.options.codec.encode(proof));
  }

  /** The code goes to both logs: ours here, the peer's by the close frame. */
  private refuse({ link }: Watched, { code, detail }: PeerJudgement & { ok: false }): void {
    this.options.log('warn', 'peer refused', { address: link.address, dialled: link.dialled, code, detail });
    link.close('refused', `${code}: ${detail}`);
  }

  private readProof(payload: Uint8Array): RenewalProof | null {
    let value: unknown;
    try {
      value = this.options.codec.decode(payload);
    } catch (error) {
      if (error instanceof ClusterError) return null;
      throw error;
    }
    if (typeof value !== 'object' || value === null) return null;
    const { chain, signature } = value as Partial<Record<keyof RenewalProof, unknown>>;
    if (!(signature instanceof Uint8Array) || !Array.isArray(chain)) return null;
    return chain.every((one) => one instanceof Uint8Array) ? { chain, signature } : null;
  }
}
