/** The external ids of a listing as one value: lines, deflated. A million ids of NetBox are some 2 MB. */
import { deflateRaw, inflateRaw } from 'node:zlib';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';

/** Throws `too_large`. An id has no line end: whoever lists sees to it. */
export async function packIds(ids: Iterable<string>): Promise<Buffer> {
  const packed = await new Promise<Buffer>((resolve, reject) => {
    const text = Buffer.from([...ids].join('\n'));
    deflateRaw(text, { level: 6 }, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
  if (packed.length <= limits.knownIdsBytesMax) return packed;
  throw new StoreError(
    'too_large',
    `the ids of a listing have at most ${limits.knownIdsBytesMax} bytes, deflated`,
  );
}

export async function unpackIds(packed: Buffer | null): Promise<string[]> {
  if (packed === null) return [];
  const text = await new Promise<Buffer>((resolve, reject) => {
    const most = { maxOutputLength: limits.knownIdsTextBytesMax };
    inflateRaw(packed, most, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
  return text.length === 0 ? [] : text.toString().split('\n');
}
