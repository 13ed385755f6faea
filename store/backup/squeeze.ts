/** Compression between the records and the seal, as one stream into another with back-pressure and errors passed on. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, type Gunzip, type Gzip } from 'node:zlib';
import { StoreError } from '../errors.ts';
import type { Bytes } from './seal.ts';
import { cut } from './seal.ts';

/** Beyond this level each further hundredth of size costs more time than writing it. */
const gzipLevel = 3;
const chunkSize = 64 * 1024;

export function squeeze(plain: Bytes): AsyncGenerator<Buffer> {
  return through(plain, createGzip({ level: gzipLevel, chunkSize }));
}

/** Throws `archive_damaged` when it is no compressed stream. */
export async function* unsqueeze(squeezed: Bytes, archive: string): AsyncGenerator<Buffer> {
  try {
    yield* through(squeezed, createGunzip({ chunkSize }));
  } catch (error) {
    if (error instanceof StoreError || !String((error as { code?: string }).code).startsWith('Z_'))
      throw error;
    throw cut(archive, `what was compressed cannot be read: ${(error as Error).message}`);
  }
}

async function* through(source: Bytes, transform: Gzip | Gunzip): AsyncGenerator<Buffer> {
  // A failure of the source ends the transform, and so the loop below, with its own error.
  const fed = pipeline(Readable.from(source, { objectMode: true, highWaterMark: 1 }), transform);
  fed.catch(() => {});
  for await (const chunk of transform) yield chunk as Buffer;
  await fed;
}
