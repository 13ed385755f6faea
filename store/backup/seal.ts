/**
 * The outside of an archive: an open header, then chunks sealed with AES-256-GCM under a key of this archive alone, each
 * bound to its number and the last one marked (the STREAM construction, as the format "age" uses it). So a byte that was
 * changed, a chunk that was moved and an end that is missing are found, and where. Knows nothing of what is inside.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { KeyRing } from '../vault/key-ring.ts';

const magic = Buffer.from('PICKETBK');
export const formatVersion = 1;
const tagBytes = 16;
const fixedBytes = magic.length + 1 + 4;

/** Open to whoever has the file; a change of it makes every chunk unreadable, since the key is derived with it. */
interface Header {
  key: string;
  salt: string;
  compression: 'gzip';
  chunkBytes: number;
}

export type Bytes = AsyncIterable<Buffer>;

/** `nonce`: eleven bytes of the chunk's number and one that says whether it is the last. The key is used for nothing else. */
function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function archiveKey(master: Buffer, salt: string, opening: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', master, Buffer.from(salt, 'base64'), opening, 32));
}

/** What is given, sealed with the ring's current key. Holds two chunks of memory. */
export async function* seal(plain: Bytes, keys: KeyRing): AsyncGenerator<Buffer> {
  const { id, bytes } = keys.current();
  const chunkBytes = limits.archiveChunkBytes;
  const salt = randomBytes(32).toString('base64');
  const header: Header = { key: id, salt, compression: 'gzip', chunkBytes };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const opening = Buffer.concat([magic, Buffer.from([formatVersion]), length, text]);
  yield opening;
  const key = archiveKey(bytes, salt, opening);
  let number = 0;
  for await (const { chunk, isLast } of chunksOf(plain, chunkBytes)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, isLast));
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    number += 1;
  }
}

/** Throws `archive_damaged` and says which bytes, `archive_unfit`, or the ring's `no_such_key`. */
export async function* unseal(sealed: Bytes, keys: KeyRing, name: string): AsyncGenerator<Buffer> {
  const source = sealed[Symbol.asyncIterator]();
  try {
    const { header, opening, rest } = await opened(source, name);
    const key = archiveKey(keys.byId(header.key).bytes, header.salt, opening);
    const sealedBytes = header.chunkBytes + tagBytes;
    let number = 0;
    for await (const { chunk, isLast } of chunksOf(restOf(rest, source), sealedBytes)) {
      const plain = openChunk(key, chunk, number, isLast);
      if (plain === null)
        throw damaged(key, name, chunk, number, isLast, opening.length + number * sealedBytes);
      yield plain;
      number += 1;
    }
  } finally {
    await source.return?.();
  }
}

/** The id of the key that opens an archive, by its beginning alone. Throws `archive_damaged`, `archive_unfit`. */
export async function keyIdOfArchive(sealed: Bytes, name: string): Promise<string> {
  const source = sealed[Symbol.asyncIterator]();
  try {
    return (await opened(source, name)).header.key;
  } finally {
    await source.return?.();
  }
}

function openChunk(key: Buffer, chunk: Buffer, number: number, isLast: boolean): Buffer | null {
  if (chunk.length < tagBytes) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, isLast));
  decipher.setAuthTag(chunk.subarray(chunk.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(chunk.subarray(0, chunk.length - tagBytes)), decipher.final()]);
  } catch {
    return null;
  }
}

function damaged(
  key: Buffer,
  name: string,
  chunk: Buffer,
  number: number,
  isLast: boolean,
  at: number,
): StoreError {
  if (isLast && openChunk(key, chunk, number, false) !== null)
    return cut(name, `it ends after byte ${at + chunk.length}, and more was written`);
  if (!isLast && openChunk(key, chunk, number, true) !== null)
    return cut(name, `it goes on after its end at byte ${at + chunk.length}`);
  const where = `bytes ${at} to ${at + chunk.length - 1} (chunk ${number})`;
  return cut(name, `${where} are not what was written there, or another key had this id`);
}

export function cut(name: string, why: string): StoreError {
  return new StoreError('archive_damaged', `archive ${name} is damaged: ${why}`);
}

function unfit(name: string, why: string): StoreError {
  return new StoreError('archive_unfit', `archive ${name} cannot be read: ${why}`);
}

async function opened(source: AsyncIterator<Buffer>, name: string) {
  let held = Buffer.alloc(0);
  const atLeast = async (bytes: number) => {
    while (held.length < bytes) {
      const { value, done } = await source.next();
      if (done) throw cut(name, `it ends within its header, after byte ${held.length}`);
      held = Buffer.concat([held, value]);
    }
  };
  await atLeast(fixedBytes);
  if (!held.subarray(0, magic.length).equals(magic))
    throw cut(name, 'bytes 0 to 7 are not those of an archive');
  const version = held[magic.length]!;
  if (version !== formatVersion)
    throw unfit(
      name,
      `its format is ${version}, this Picket knows ${formatVersion}: use the version that wrote it`,
    );
  const length = held.readUInt32BE(magic.length + 1);
  if (length > limits.archiveHeaderBytesMax) throw cut(name, 'bytes 9 to 12 tell no length of a header');
  await atLeast(fixedBytes + length);
  const opening = held.subarray(0, fixedBytes + length);
  return {
    header: parseHeader(opening.subarray(fixedBytes), name),
    opening,
    rest: held.subarray(fixedBytes + length),
  };
}

function parseHeader(text: Buffer, name: string): Header {
  const where = `bytes ${fixedBytes} to ${fixedBytes + text.length - 1} are no header`;
  let header: Partial<Header>;
  try {
    header = (JSON.parse(text.toString('utf8')) ?? {}) as Partial<Header>;
  } catch {
    throw cut(name, where);
  }
  const { key, salt, compression, chunkBytes } = header;
  if (typeof key !== 'string' || typeof salt !== 'string' || compression !== 'gzip') throw cut(name, where);
  if (!Number.isInteger(chunkBytes) || chunkBytes! < 1 || chunkBytes! > limits.archiveChunkBytes)
    throw cut(name, where);
  return { key, salt, compression, chunkBytes: chunkBytes! };
}

async function* restOf(first: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
}

/** Pieces of exactly `size` bytes, but for the last; of nothing, one empty last piece. */
async function* chunksOf(bytes: Bytes, size: number): AsyncGenerator<{ chunk: Buffer; isLast: boolean }> {
  let waiting: Buffer[] = [];
  let held = 0;
  for await (const piece of bytes) {
    waiting.push(piece);
    held += piece.length;
    // One byte more than a chunk proves that the chunk is not the last.
    if (held <= size) continue;
    let all = Buffer.concat(waiting);
    while (all.length > size) {
      yield { chunk: all.subarray(0, size), isLast: false };
      all = all.subarray(size);
    }
    waiting = [all];
    held = all.length;
  }
  yield { chunk: Buffer.concat(waiting), isLast: true };
}
