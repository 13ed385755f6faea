/**
 * Archives in a bucket of any S3-compatible storage, signed by `aws4fetch`: one PUT for a small archive, else a multipart
 * upload, which appears when it is completed and not before; what fails is aborted. Path-style addresses with an endpoint
 * of its own, virtual-hosted ones at AWS. Two parts are held in memory.
 */
import { AwsClient } from 'aws4fetch';
import type { WallClock } from '../clock.ts';
import { waitFor } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { parseArchive } from './archive-name.ts';
import type { ArchivePlace, StoredArchive } from './archive-place.ts';
import { noSuchArchive } from './folder-place.ts';
import { elementsOf, textOf } from './s3-xml.ts';
import type { Bytes } from './seal.ts';

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

export interface S3Options {
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
  region: string;
  /** `https://host:port`; null: AWS itself. */
  endpoint: string | null;
  credentials: S3Credentials;
  clock: WallClock;
}

interface Asked {
  method: string;
  /** Empty: the bucket itself. */
  key: string;
  query?: Record<string, string>;
  body?: Buffer | string;
}

type Ask = (asked: Asked) => Promise<Response>;

export function s3Place(options: S3Options): ArchivePlace {
  const { bucket, prefix } = options;
  const label = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  const keyOf = (name: string) => (prefix === '' ? name : `${prefix}/${name}`);
  const ask = asker(options, label);
  return {
    label,
    write: (name, bytes) => upload(ask, keyOf(name), bytes, label),
    async *read(name) {
      if (parseArchive({ name, bytes: 0 }) === null) throw noSuchArchive(name, label);
      const answer = await ask({ method: 'GET', key: keyOf(name) });
      if (answer.status === 404) throw noSuchArchive(name, label);
      await wellDone(answer, label);
      if (answer.body === null) return;
      try {
        for await (const chunk of answer.body) yield Buffer.from(chunk);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        throw unusable(label, `reading ${name} broke off: ${(error as Error).message}`, error);
      }
    },
    async list() {
      const found: StoredArchive[] = [];
      const start = prefix === '' ? '' : `${prefix}/`;
      for (let token: string | null = ''; token !== null && found.length < limits.archivesListedMax; ) {
        const query: Record<string, string> = { 'list-type': '2', prefix: start };
        if (token !== '') query['continuation-token'] = token;
        const text = await (await wellDone(await ask({ method: 'GET', key: '', query }), label)).text();
        for (const entry of elementsOf(text, 'Contents')) {
          const name = (textOf(entry, 'Key') ?? '').slice(start.length);
          const bytes = Number(textOf(entry, 'Size'));
          if (parseArchive({ name, bytes }) !== null) found.push({ name, bytes });
        }
        token = textOf(text, 'IsTruncated') === 'true' ? textOf(text, 'NextContinuationToken') : null;
      }
      return found;
    },
    async remove(name) {
      if (parseArchive({ name, bytes: 0 }) === null) throw noSuchArchive(name, label);
      const answer = await ask({ method: 'DELETE', key: keyOf(name) });
      if (answer.status !== 404) await wellDone(answer, label);
    },
  };
}

/** Tries again what the network or the server's own trouble kept from being done; every request here may be repeated. */
function asker({ bucket, region, endpoint, credentials, clock }: S3Options, label: string): Ask {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const token = sessionToken === null ? {} : { sessionToken };
  const client = new AwsClient({ accessKeyId, secretAccessKey, ...token, service: 's3', region, retries: 0 });
  const base =
    endpoint === null
      ? `https://${bucket}.s3.${region}.amazonaws.com`
      : `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  return async ({ method, key, query = {}, body }) => {
    const url = new URL(`${base}/${key.split('/').map(encodeURIComponent).join('/')}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    for (let attempt = 1; ; attempt += 1) {
      const init = body === undefined ? { method } : { method, body: body as RequestInit['body'] & {} };
      const answer = await client.fetch(url.toString(), init).catch((error: unknown) => error as Error);
      const isTrouble = answer instanceof Error || answer.status >= 500 || answer.status === 429;
      if (!isTrouble) return answer;
      if (attempt >= limits.placeAttemptsMax) {
        if (!(answer instanceof Error)) return answer;
        const cause = (answer.cause as Error | undefined)?.message ?? answer.message;
        throw unusable(label, `${url.host} cannot be reached: ${cause}`, answer);
      }
      await waitFor(clock, limits.placeRetryMs * 2 ** (attempt - 1));
    }
  };
}

async function upload(ask: Ask, key: string, bytes: Bytes, label: string): Promise<number> {
  let written = 0;
  let uploadId: string | null = null;
  const etags: string[] = [];
  try {
    for await (const { part, isLast } of partsOf(bytes)) {
      written += part.length;
      if (isLast && uploadId === null) {
        await wellDone(await ask({ method: 'PUT', key, body: part }), label);
        return written;
      }
      uploadId ??= await begin(ask, key, label);
      const query = { partNumber: String(etags.length + 1), uploadId };
      const answer = await wellDone(await ask({ method: 'PUT', key, query, body: part }), label);
      etags.push(answer.headers.get('etag') ?? '');
    }
    await complete(ask, key, uploadId!, etags, label);
    return written;
  } catch (error) {
    // Its parts would be kept, and paid for, until somebody removes them.
    if (uploadId !== null) await ask({ method: 'DELETE', key, query: { uploadId } }).catch(() => {});
    throw error;
  }
}

async function begin(ask: Ask, key: string, label: string): Promise<string> {
  const answer = await wellDone(await ask({ method: 'POST', key, query: { uploads: '' } }), label);
  const uploadId = textOf(await answer.text(), 'UploadId');
  if (uploadId === null) throw unusable(label, 'it began no upload');
  return uploadId;
}

async function complete(
  ask: Ask,
  key: string,
  uploadId: string,
  etags: string[],
  label: string,
): Promise<void> {
  const parts = etags.map(
    (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
  const answer = await wellDone(await ask({ method: 'POST', key, query: { uploadId }, body }), label);
  // The status is sent before the parts are put together: a failure is told in the body of a 200.
  const text = await answer.text();
  if (elementsOf(text, 'Error').length > 0 || /<Error>/.test(text)) throw unusable(label, whyOf(text, 200));
}

async function* partsOf(bytes: Bytes): AsyncGenerator<{ part: Buffer; isLast: boolean }> {
  let waiting: Buffer[] = [];
  let held = 0;
  let next: Buffer | null = null;
  for await (const chunk of bytes) {
    waiting.push(chunk);
    held += chunk.length;
    if (held < limits.uploadPartBytes) continue;
    if (next !== null) yield { part: next, isLast: false };
    next = Buffer.concat(waiting);
    waiting = [];
    held = 0;
  }
  if (next !== null && held === 0) return yield { part: next, isLast: true };
  if (next !== null) yield { part: next, isLast: false };
  yield { part: Buffer.concat(waiting), isLast: true };
}

async function wellDone(answer: Response, label: string): Promise<Response> {
  if (answer.ok) return answer;
  throw unusable(label, whyOf(await answer.text().catch(() => ''), answer.status));
}

function whyOf(text: string, status: number): string {
  const code = textOf(text, 'Code');
  const message = textOf(text, 'Message');
  return `it answered ${status}${code === null ? '' : ` ${code}`}${message === null ? '' : `: ${message}`}`;
}

function unusable(label: string, why: string, cause?: unknown): StoreError {
  return new StoreError('place_unusable', `${label} cannot be used: ${why}`, { cause });
}
