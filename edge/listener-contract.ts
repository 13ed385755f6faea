/** What the gateway's port serves: to strangers a contract with its handlers, to those it knows a door of their own. */
import type { Duplex } from 'node:stream';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ServiceMethods } from '../proto/index.ts';
import type { EdgePeer } from './peer.ts';

export interface ServedContract {
  readonly methods: ServiceMethods;
  readonly handlers: UntypedServiceImplementation;
}

/** Where the connections go whose certificate was found good. */
export interface KnownDoor {
  /** Of all that it serves, so that a stranger who calls it is told what is missing. */
  readonly methods: readonly ServiceMethods[];
  /** Its bytes are HTTP/2 from here on. Its end is the listener's. */
  take(connection: Duplex, peer: EdgePeer): void;
  /** Lets calls that are under way end for a moment, then ends the connections. */
  drain(): Promise<void>;
}
