/**
 * Takes out of texts and values what nobody else is to have: by the names of fields, and by the looks of secrets wherever they
 * stand. Pure. Rather too much than too little: what is shown to a stranger is never worth a key.
 */

/** How many were taken out, by what they looked like. */
export type Redactions = Record<string, number>;

export const redacted = '[redacted]';

/** Names whose value is a secret, however they are spelled: apiKey, PGPASSWORD, client-secret, x_auth_token. */
const secretWords =
  'password|passwd|pwd|passphrase|secret|token|credentials|authorization|cookie|api[_-]?key|private[_-]?key|access[_-]?key';
const secretName = new RegExp(`(?:${secretWords})s?$|(?:^|[_.-])keys?$`, 'i');
/** What the library that exports traces sends with each request: its credentials, whatever their names are. */
const secretVariable = /^OTEL_\w*HEADERS$/;
/** Only with a capital: `monkey` is none. */
const camelKey = /[a-z]Keys?$/;
const isKey = /keys?$/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name) || camelKey.test(name) || secretVariable.test(name);
}

interface Pattern {
  readonly kind: string;
  readonly find: RegExp;
  /** What stands there instead. */
  readonly put: string;
}

const names = `[\\w.-]*(?:${secretWords})s?|(?:[\\w.-]*[_.-])?keys?|[\\w.-]*[a-z]Keys?`;

/**
 * In this order: what is long and has others in it comes first. A log holds what strangers wrote and is looked through in one
 * turn, so no pattern may begin again at each character of a long run, or it takes the square of its length: each either
 * begins where a run does, or has a bound.
 */
const patterns: readonly Pattern[] = [
  {
    kind: 'private keys',
    find: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    put: redacted,
  },
  // The last lines of a log may begin within one.
  { kind: 'private keys', find: /^[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY-----/g, put: redacted },
  { kind: 'package tokens', find: /\bpicket\d+\.[\w-]+(?:\.[\w-]*)?/g, put: redacted },
  {
    kind: 'credentials of URLs',
    find: /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"<>\\]{0,500}@/gi,
    put: `$1${redacted}@`,
  },
  {
    kind: 'headers',
    find: /\b(Bearer|Basic|Digest|Negotiate)\s+(?!\[redacted)[^\s"'\\,;]+/gi,
    put: `$1 ${redacted}`,
  },
  { kind: 'tokens', find: /\beyJ[\w-]{8,1000}\.[\w-]+(?:\.[\w-]*)?/g, put: redacted },
  { kind: 'tokens', find: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20,}/g, put: redacted },
  {
    kind: 'fields',
    find: /(?<![\w-])(--?[\w-]{0,100}(?:password|passwd|passphrase|secret|token|key)[= ] *)(?!\[redacted)[^\s"'\\]+/gi,
    put: `$1${redacted}`,
  },
  // Of a key ring: 32 bytes.
  { kind: 'keys', find: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g, put: redacted },
];

/** Of JSON, also one that was cut off; in a list or an object it ends with its line at the latest. */
const string = '"(?:\\\\.|[^"\\\\\\n])*(?:"|(?=\\n)|$)';

/** `name = value`, in JSON too, within a text of JSON too. The value ends with its quotes, or where a word ends. */
const assigned = new RegExp(
  `(?<![\\w.-])(${names})(\\\\*["'])?(\\s*[:=]\\s*)(?:(\\\\+)"(?:(?!\\4")[\\s\\S])*(?:\\4"|$)|"(?:\\\\[\\s\\S]|[^"\\\\])*(?:"|$)|'(?:\\\\[\\s\\S]|[^'\\\\])*(?:'|$)|\\[(?!redacted\\])(?:${string}|[^\\]"])*(?:\\]|$)|\\{(?:${string}|[^}"])*(?:\\}|$)|(?!\\[redacted)[^\\s"'\\\\,;&{}\\[\\]][^\\s"'\\\\,;&{}]*)`,
  'gi',
);

export function redactText(text: string, counts: Redactions = {}): string {
  let clean = text;
  for (const { kind, find, put } of patterns) {
    clean = clean.replace(find, (_whole: string, ...rest: unknown[]) => {
      count(counts, kind);
      return put.replace('$1', () => (typeof rest[0] === 'string' ? rest[0] : ''));
    });
  }
  return clean.replace(
    assigned,
    (whole: string, name: string, quote: string | undefined, sign: string, escapes: string | undefined) => {
      if (!isSecretName(name) || whole.endsWith(redacted)) return whole;
      const opening = whole.at(name.length + (quote?.length ?? 0) + sign.length);
      // A key that is an object is one in another sense.
      if (opening === '{' && isKey.test(name)) return whole;
      if (opening === '[' || opening === '{') {
        count(counts, 'fields');
        return `${name}${quote ?? ''}${sign}${redacted}`;
      }
      const mark =
        escapes === undefined
          ? (/["']/.exec(whole.slice(name.length + (quote?.length ?? 0)))?.[0] ?? '')
          : `${escapes}"`;
      const put = `${name}${quote ?? ''}${sign}${mark}${redacted}${mark}`;
      if (put !== whole) count(counts, 'fields');
      return put;
    },
  );
}

/** A value that is an address as a whole has no word behind it: what its password holds need not be guessed. */
const wholeUrl = /^([a-z][a-z0-9+.-]{0,30}:\/\/)[\s\S]*@/i;

/** A value as it goes into JSON: what is named as a secret is gone with all that is in it, texts are looked through. */
export function redactValue(value: unknown, counts: Redactions = {}, name = ''): unknown {
  if (typeof value === 'string') {
    if (value === '' || value === redacted || !isSecretName(name)) {
      const clean = value.replace(wholeUrl, `$1${redacted}@`);
      if (clean !== value) count(counts, 'credentials of URLs');
      return redactText(clean, counts);
    }
    count(counts, 'fields');
    return redacted;
  }
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  // A list under such a name is one of secrets; an object may be a key in another sense: its own names say.
  if (Array.isArray(value)) return value.map((one) => redactValue(one, counts, name));
  if (typeof value !== 'object' || value === null) return value;
  const inherited = isSecretName(name) && !isKey.test(name) ? name : null;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      redactText(key, counts),
      redactValue(one, counts, isSecretName(key) || inherited === null ? key : inherited),
    ]),
  );
}

function count(counts: Redactions, kind: string): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}
