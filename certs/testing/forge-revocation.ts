/** Revocation lists to order, signed by whatever key is given. For tests only. */
import { sign } from 'node:crypto';
import { bits, integer, sequence, time, tlv } from './der-writer.ts';
import { algorithmOf, dayMs, type Forged } from './forge.ts';

export function forgeRevocationList(
  issuer: Pick<Forged, 'subject' | 'privateKey'>,
  serials: readonly string[],
  madeMs: number,
  fields: readonly Buffer[] = [],
): Uint8Array {
  const entries = serials.map((serial) => sequence(tlv(0x02, Buffer.from(serial, 'hex')), time(madeMs)));
  const algorithm = algorithmOf('ecdsa-sha256');
  const tbs = sequence(
    integer(1),
    algorithm,
    issuer.subject,
    time(madeMs),
    time(madeMs + dayMs),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    ...fields,
  );
  return new Uint8Array(sequence(tbs, algorithm, bits(sign('sha256', tbs, issuer.privateKey))));
}
