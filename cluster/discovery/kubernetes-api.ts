/**
 * The way to the Kubernetes API: HTTPS with the service account's token and CA, both read again for every request because
 * they rotate. Gives answers as bounded text or bounded lines. Follows no redirect, so the token goes nowhere else.
 * Between `kubernetes.ts`, which knows what is asked, and node:https.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Clock } from '../../runtime/index.ts';
import { ClusterError } from '../errors.ts';
import { kubernetesAnswerMs, kubernetesTokenBytesMax } from './limits.ts';

export interface KubernetesApi {
  /** `https://HOST:PORT`. */
  readonly url: string;
  /** The folder with `token`, `ca.crt` and `namespace` that a pod finds. */
  readonly account: string;
  readonly clock: Clock;
}

/** The head of an answer, whatever its status. The body is to be read or destroyed. */
export async function ask(api: KubernetesApi, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const [token, ca] = await Promise.all([readAccountFile(api, 'token'), readAccountFile(api, 'ca.crt')]);
  if (!/^[\x21-\x7e]+$/.test(token) || token.length > kubernetesTokenBytesMax) {
    throw new ClusterError('discovery_denied', `${join(api.account, 'token')} holds no token`);
  }
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  return await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(new URL(path, api.url), { ca, headers, agent: false, signal });
    const cancelTimer = api.clock.timer(kubernetesAnswerMs, () =>
      asked.destroy(new Error(`no answer within ${kubernetesAnswerMs} ms`)),
    );
    asked.on('response', (response) => {
      cancelTimer();
      // Whoever reads it hears of it; nobody else needs to.
      response.on('error', () => {});
      resolve(response);
    });
    asked.on('error', (error) => {
      cancelTimer();
      reject(new ClusterError('discovery_unreachable', `${api.url}: ${error.message}`, null, error));
    });
    asked.end();
  });
}

/** A file of the account, without the white space around it. Rejects with `discovery_denied` when it cannot be read. */
export async function readAccountFile({ account }: KubernetesApi, name: string): Promise<string> {
  try {
    return (await readFile(join(account, name), 'utf8')).trim();
  } catch (error) {
    const what = `the service account cannot be read: ${(error as Error).message}`;
    throw new ClusterError('discovery_denied', what, null, error);
  }
}

/** The whole body; null when it is longer than `bytesMax`. Rejects when the connection ends before the body does. */
export async function readBody(response: IncomingMessage, bytesMax: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The lines of a body as they come. Half a line is dropped when the connection is cut within it, and is a line when the
 * body ends with it. Throws `discovery_malformed` for a line that is longer than `bytesMax`.
 */
export async function* linesOf(response: IncomingMessage, bytesMax: number): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      pending.push(chunk.subarray(from, end));
      const line = Buffer.concat(pending).toString('utf8');
      pending = [];
      bytes = 0;
      from = end + 1;
      if (line.trim() !== '') yield line;
    }
    bytes += chunk.length - from;
    if (bytes > bytesMax)
      throw new ClusterError('discovery_malformed', `a line of the watch is over ${bytesMax} bytes`);
    if (from < chunk.length) pending.push(chunk.subarray(from));
  }
  const last = Buffer.concat(pending).toString('utf8');
  if (last.trim() !== '') yield last;
}
