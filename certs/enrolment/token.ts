/**
 * Enrolment tokens: what an operator hands to whoever sets up an agent, once. `picket1.CONTENTS.SIGNATURE`, both parts
 * base64url, the contents one spelling of JSON. The signature is of a key that was made for this token and kept nowhere:
 * its public half stands in the token, which shows damage to its bearer, and with the package, which shows a forgery
 * to the issuer. Whether a token may still be used is the issuer's question.
 */
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { readCertificate } from '../certificate.ts';
import { limits } from '../limits.ts';
import { isTenantId } from '../spiffe.ts';
import { type EnrolmentRefused, refusedEnrolment } from './codes.ts';

export interface TokenContents {
  readonly tenantId: string;
  readonly packageId: string;
  /** Gateways, `HOST:PORT`, in the order to be tried. */
  readonly endpoints: readonly string[];
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
  /** SHA-256 of the SubjectPublicKeyInfo of the root that the gateways' certificates lead to, base64url. */
  readonly pin: string;
}

export interface EnrolmentToken extends TokenContents {
  /** 32 random bytes, base64url. */
  readonly secret: string;
  /** Of the key that signed it: 32 bytes, base64url. */
  readonly signer: string;
}

export type TokenRead = { readonly ok: true; readonly token: EnrolmentToken } | EnrolmentRefused;

const version = 'picket1';
const packageIdPattern = /^pkg_[a-z2-7]{16}$/;
const endpointPattern = /^(?:\[[0-9a-fA-F:.%a-z]+\]|[a-zA-Z0-9._-]+):[1-9]\d{0,4}$/;
/** RFC 8410 4: what stands before the octets of an Ed25519 key. */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

/** A new token with a secret and a key of its own; the key is gone when this returns. */
export function makeToken(contents: TokenContents): {
  readonly text: string;
  readonly token: EnrolmentToken;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const token = {
    ...contents,
    secret: randomBytes(limits.tokenSecretBytes).toString('base64url'),
    signer: spki.subarray(ed25519Prefix.length).toString('base64url'),
  };
  const signed = `${version}.${Buffer.from(spell(token)).toString('base64url')}`;
  const text = `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
  return { text, token };
}

/** Reads a token; white space around it is passed over. Never throws on any input. A text that was changed is refused. */
export function readToken(given: string): TokenRead {
  if (given.length > 2 * limits.tokenCharsMax) return tooLong(given.length);
  const text = given.trim();
  if (text.length > limits.tokenCharsMax) return tooLong(text.length);
  const [head, contents, signature, ...more] = text.split('.');
  if (head !== version && /^picket\d{1,4}$/.test(head!))
    return refusedEnrolment('token_version', `it begins with ${head}, and this Picket reads ${version}`);
  if (head !== version || contents === undefined || signature === undefined || more.length > 0)
    return malformed('it is not picket1.CONTENTS.SIGNATURE');
  const json = bytesOf(contents);
  const signed = bytesOf(signature);
  if (json === null || signed?.length !== 64) return malformed('it was cut short or changed');
  const token = contentsOf(json);
  if (token === null) return malformed('its contents are not those of a token');
  const key = createPublicKey({
    key: Buffer.concat([ed25519Prefix, Buffer.from(token.signer, 'base64url')]),
    format: 'der',
    type: 'spki',
  });
  if (!verify(null, Buffer.from(`${head}.${contents}`), key, signed))
    return refusedEnrolment('token_bad_signature', 'its signature is not that of its contents');
  return { ok: true, token };
}

/** What is kept of a token's secret: its SHA-256, hexadecimal. It has 256 random bits, so nothing slower is needed. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(Buffer.from(secret, 'base64url')).digest('hex');
}

/** The pin of a root certificate; null when the DER is none. */
export function pinOf(rootDer: Uint8Array): string | null {
  const read = readCertificate(rootDer);
  return read.ok ? createHash('sha256').update(read.certificate.publicKey).digest('base64url') : null;
}

/** `HOST:PORT`, the host a name, an IPv4 address, or an IPv6 address in brackets. */
export function isEndpoint(text: string): boolean {
  if (text.length > limits.tokenEndpointCharsMax || !endpointPattern.test(text)) return false;
  return Number(text.slice(text.lastIndexOf(':') + 1)) < 65_536;
}

function spell(token: EnrolmentToken): string {
  const { tenantId, packageId, secret, endpoints, expiresAtMs, pin, signer } = token;
  return JSON.stringify([tenantId, packageId, secret, endpoints, expiresAtMs, pin, signer]);
}

function contentsOf(json: Buffer): EnrolmentToken | null {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 7) return null;
  const [tenantId, packageId, secret, endpoints, expiresAtMs, pin, signer] = value as unknown[];
  const areTexts = [tenantId, packageId, secret, pin, signer].every((one) => typeof one === 'string');
  if (!areTexts || !Number.isSafeInteger(expiresAtMs) || !Array.isArray(endpoints)) return null;
  const token = { tenantId, packageId, secret, endpoints, expiresAtMs, pin, signer } as EnrolmentToken;
  const areKeys = [token.secret, token.pin, token.signer].every((one) => bytesOf(one)?.length === 32);
  const areNamed = isTenantId(token.tenantId) && packageIdPattern.test(token.packageId);
  const areReached =
    endpoints.length > 0 &&
    endpoints.length <= limits.tokenEndpointsMax &&
    endpoints.every((one) => typeof one === 'string' && isEndpoint(one));
  // Of one contents there is one spelling, so that no other text says the same.
  return areKeys && areNamed && areReached && spell(token) === json.toString('utf8') ? token : null;
}

/** Null for what is no base64url, or another spelling of the same bytes. */
function bytesOf(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : null;
}

function malformed(detail: string): EnrolmentRefused {
  return refusedEnrolment('token_malformed', detail);
}

function tooLong(length: number): EnrolmentRefused {
  return refusedEnrolment('token_too_long', `${length} characters, of at most ${limits.tokenCharsMax}`);
}
