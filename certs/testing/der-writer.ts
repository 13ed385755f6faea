/**
 * Writes DER by hand, right or wrong, for certificates that no library would make. For tests only; nothing that
 * issues goes through here.
 */

/** One value: tag octet, shortest definite length, content. */
export function tlv(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), lengthOf(body.length), body]);
}

export const sequence = (...content: Uint8Array[]): Buffer => tlv(0x30, ...content);
export const octets = (...content: Uint8Array[]): Buffer => tlv(0x04, ...content);
export const bits = (content: Uint8Array, unusedBits = 0): Buffer =>
  tlv(0x03, Buffer.of(unusedBits), content);
export const integer = (...content: number[]): Buffer => tlv(0x02, Buffer.from(content));
export const boolean = (octet: number): Buffer => tlv(0x01, Buffer.of(octet));
export const derTrue = boolean(0xff);
export const derNull = Buffer.of(5, 0);

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const content = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tlv(0x06, Buffer.from(content));
}

/** UTCTime up to 2049, GeneralizedTime after, unless a form is told. */
export function time(ms: number, form?: 'utc' | 'generalized'): Buffer {
  const stamp = `${new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  const utc = form === undefined ? ms < Date.UTC(2050, 0) : form === 'utc';
  return utc ? tlv(0x17, Buffer.from(stamp.slice(2))) : tlv(0x18, Buffer.from(stamp));
}

/** A name of one attribute a set; `tag` is the string type (0x0c is UTF8String). */
export function name(attributes: readonly (readonly [type: string, text: string, tag?: number])[]): Buffer {
  const one = ([type, text, tag = 0x0c]: readonly [string, string, number?]) =>
    tlv(0x31, sequence(oid(type), tlv(tag, Buffer.from(text, tag === 0x0c ? 'utf8' : 'latin1'))));
  return sequence(...attributes.map(one));
}

/** An Extension, critical or not. */
export function extension(id: string, critical: boolean, ...value: Uint8Array[]): Buffer {
  return sequence(oid(id), ...(critical ? [derTrue] : []), octets(...value));
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  if (length < 0x10000) return Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.of(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
}
