/**
 * Streams of documents from an enrolled agent's folder to the gateways that its token names, one after the other: what an agent
 * program gives to `sendDocument`, for tests.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChannelCredentials, type Client, makeGenericClientConstructor } from '@grpc/grpc-js';
import type { DocumentWire } from '../../edge/index.ts';
import { documentMethods } from '../../proto/index.ts';

export interface EdgeChannels {
  /** A new stream, to the gateway after the one before. */
  dial(): DocumentWire;
  /** Of the gateway that the present stream goes to. */
  endpoint(): string;
  close(): void;
}

export function edgeChannels(folder: string, endpoints: readonly string[]): EdgeChannels {
  const pem = readFileSync(join(folder, 'edge.pem'));
  const roots = readFileSync(join(folder, 'roots.pem'));
  // Who a gateway is its SPIFFE id says, and no name of an address does.
  const credentials = ChannelCredentials.createSsl(roots, pem, pem, { checkServerIdentity: () => undefined });
  const Documents = makeGenericClientConstructor(documentMethods(), 'Documents');
  let dials = 0;
  let client: Client | null = null;
  return {
    dial() {
      client?.close();
      const endpoint = endpoints[dials % endpoints.length]!;
      dials += 1;
      client = new Documents(endpoint, credentials, {
        'grpc.ssl_target_name_override': 'gateway',
        'grpc.enable_retries': 0,
      });
      return (client as unknown as { transfer(): DocumentWire }).transfer();
    },
    endpoint: () => endpoints[Math.max(0, dials - 1) % endpoints.length]!,
    close: () => client?.close(),
  };
}
