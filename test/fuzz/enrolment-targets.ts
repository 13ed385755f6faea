/**
 * What an enrolment brings, under changed input: tokens and requests for certificates. Both are signed, so nothing that
 * was changed may be taken, and each refusal is of the closed set.
 */
import { generateKeyPairSync } from 'node:crypto';
import { enrolmentCodes, judgeCertificateRequest, makeToken, readToken } from '../../certs/index.ts';
import { forgeRequest } from '../../certs/testing/forge-request.ts';
import { trustDomain } from '../../certs/testing/world.ts';
import { mutated } from './mutate.ts';
import { mutatedDer } from './mutate-der.ts';
import type { FuzzTarget } from './targets.ts';

const tenantId = 'k7mzq2wn5xjd';
const pin = Buffer.alloc(32, 7).toString('base64url');
/** Of the changed requests, those that stay DER: they reach the signature, and take longer. */
const derShare = 0.2;

export function tokens(): FuzzTarget {
  const made = [['127.0.0.1:5100'], ['[::1]:1', 'gateway.example.org:65535']].map((endpoints) =>
    makeToken({
      tenantId,
      packageId: 'pkg_abcdefghijklmnop',
      endpoints,
      expiresAtMs: Date.UTC(2026, 5, 1),
      pin,
    }),
  );
  const corpus = made.map(({ text }) => Buffer.from(text));
  return {
    name: 'tokens',
    run(random) {
      const text = mutated(random, corpus).toString('latin1');
      const read = readToken(text);
      if (read.ok && !made.some((one) => one.text === text.trim())) throw new Error(`taken: ${text}`);
      if (!read.ok && !enrolmentCodes.includes(read.error.code)) throw new Error(read.error.code);
    },
  };
}

export function requests(): FuzzTarget {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const identity = { kind: 'tenant', trustDomain, tenantId, role: 'agent', id: 'edge_1' } as const;
  const san = `spiffe://${trustDomain}/tenant/${tenantId}/agent/edge_1`;
  const corpus = [{}, { names: [san] }, { commonName: 'edge_1', ca: false, usageBits: 0x80 }].map((asks) =>
    forgeRequest(privateKey, asks),
  );
  return {
    name: 'certificate requests',
    run(random) {
      const input = random.next() < derShare ? mutatedDer(random, corpus) : mutated(random, corpus);
      const read = judgeCertificateRequest(input, identity);
      if (read.ok && !corpus.some((one) => one.equals(input)))
        throw new Error(`taken: ${input.toString('hex')}`);
      if (!read.ok && !enrolmentCodes.includes(read.error.code)) throw new Error(read.error.code);
    },
  };
}
