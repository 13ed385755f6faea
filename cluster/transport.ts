/**
 * The network as an argument. Between the mesh and whatever carries bytes: TLS between processes, or a simulated wire.
 * A transport has judged the peer's certificate before it hands a connection over; a refused peer is handed over too,
 * so that the link can tell it why.
 */
import type { PeerIdentity, RenewalProof } from '../certs/index.ts';

export type PeerJudgement =
  | { ok: true; identity: PeerIdentity; notAfterMs: number; serial: string }
  | { ok: false; code: string; detail: string };

/** A link has one identity for its life, rights included: whoever becomes another makes another link. */
export function isSamePeer(a: PeerJudgement, b: PeerJudgement): boolean {
  return a.ok && b.ok && JSON.stringify(a.identity) === JSON.stringify(b.identity);
}

/** One open byte stream to one peer. Handlers are set at once by whoever takes it, before anything is read. */
export interface Connection {
  readonly peer: PeerJudgement;
  /** Judges the peer's certificate again, by the time and by what is trusted now; `peer` is the answer from then on. */
  rejudge(): PeerJudgement;
  /** Proves our certificate as it is now to the peer, for this connection; null when it cannot. */
  proveRenewal(): RenewalProof | null;
  /** Takes the peer's proof: when it is good and names the same peer, `peer` goes by the new certificate. */
  takeRenewal(proof: RenewalProof): PeerJudgement;
  /** Where it leads, for logs. */
  readonly address: string;
  /** Bytes that were written and not yet taken by the network. */
  bufferedBytes(): number;
  /** In order, after what was written before. The chunks are the connection's until the network took them. */
  write(chunks: readonly Uint8Array[]): void;
  /** `end` sends what was written first; otherwise at once. `onClosed` follows. */
  close(end: boolean): void;
  /** Reads nothing for so long: what the peer sends waits in the network, and then at the peer. */
  rest(ms: number): void;
  /** Why the link ends on this side: of some codes a listener takes less from there for a while. */
  blame?(code: string): void;
  handle(handlers: ConnectionHandlers): void;
}

export interface ConnectionHandlers {
  /** The chunk is the receiver's from now on: messages may be views of it, so nobody writes there again. */
  data(chunk: Buffer): void;
  /** The network took all that was written; asked for by whoever sees `bufferedBytes` over what it gives at once. */
  drained(): void;
  closed(reason: string): void;
}

/**
 * `code` is a short stable word: `refused` when nothing listens there; `unreachable` and `timeout` when not even a host
 * answers; `silent` when the connection is taken and nothing is said on it; `tls`.
 */
export interface DialFailure {
  code: string;
  detail: string;
}

export interface Transport {
  /** Starts taking connections; answers the address that it listens on (`host:port`). */
  listen(onConnection: (connection: Connection) => void): Promise<string>;
  dial(
    address: string,
    onConnection: (connection: Connection) => void,
    onFailure: (failure: DialFailure) => void,
  ): void;
  /** Counts the changes of what is trusted: roots, policy, revocation lists. */
  trustVersion(): number;
  /** Counts the renewals of our own certificate. */
  credentialVersion(): number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}
