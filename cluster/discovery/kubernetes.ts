/**
 * Discovery by the Kubernetes API: lists the endpoints of a service, then watches them from the list's version, for as
 * long as the server keeps the watch; from the last version when it ends, from a new list when that version has expired.
 * Between the seeker and `kubernetes-api.ts`; what the objects mean is in `kubernetes-objects.ts`.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock, Random } from '../../runtime/index.ts';
import { ClusterError } from '../errors.ts';
import type { AddressSource, SourceCall } from '../ports/address-source.ts';
import { ask, type KubernetesApi, linesOf, readAccountFile, readBody } from './kubernetes-api.ts';
import {
  type ObjectsByName,
  pathOf,
  type Resource,
  readEvent,
  readList,
  statusMessage,
  type WantedEndpoints,
} from './kubernetes-objects.ts';
import {
  kubernetesAgainMs,
  kubernetesCutsMax,
  kubernetesLineBytesMax,
  kubernetesListBytesMax,
  kubernetesListMs,
  kubernetesObjectsMax,
  kubernetesRefusalBytesMax,
  kubernetesWatchGraceMs,
  kubernetesWatchMinMs,
  sourceRetryMinMs,
} from './limits.ts';

export interface KubernetesSettings {
  /** `https://HOST:PORT`; in a pod that of KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly api: string;
  /** The folder with `token`, `ca.crt` and `namespace`: in a pod /var/run/secrets/kubernetes.io/serviceaccount. */
  readonly account: string;
  /** Null: the account's own. */
  readonly namespace: string | null;
  readonly service: string;
  /** A port's name or number; null: the one called `picket`, or else the only one. */
  readonly port: string | null;
  readonly clock: Clock;
  readonly random: Random;
}

/** Throws `discovery_setting` when the API's URL is none of https, or a name is not spelled as Kubernetes spells names. */
export function kubernetesSource(settings: KubernetesSettings): AddressSource {
  const { api: url, account, clock, namespace, service, port } = settings;
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:')
    throw new ClusterError('discovery_setting', `"${url}" is no https:// address of the Kubernetes API`);
  for (const name of [namespace, service, port]) {
    if (name !== null && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
      throw new ClusterError('discovery_setting', `"${name}" is no Kubernetes name`);
  }
  const api = { url, account, clock };
  return {
    title: `kubernetes ${namespace === null ? '' : `${namespace}/`}${service}`,
    pauseMs: sourceRetryMinMs,
    async session(call) {
      try {
        const wanted = { service, port, namespace: namespace ?? (await readAccountFile(api, 'namespace')) };
        await new Watcher(api, wanted, settings.random, call).run();
      } catch (error) {
        if (!call.signal.aborted) throw error;
      }
    },
  };
}

class Watcher {
  private readonly api: KubernetesApi;
  private readonly wanted: WantedEndpoints;
  private readonly random: Random;
  private readonly call: SourceCall;
  private resource: Resource = 'slices';
  private version = '';
  /** Watches in a row that were cut before they brought anything. */
  private cuts = 0;
  private objects: ObjectsByName = new Map();

  constructor(api: KubernetesApi, wanted: WantedEndpoints, random: Random, call: SourceCall) {
    this.api = api;
    this.wanted = wanted;
    this.random = random;
    this.call = call;
  }

  async run(): Promise<void> {
    await this.list();
    while (!this.call.signal.aborted) {
      const isExpired = await this.watch();
      await this.pause();
      if (isExpired && !this.call.signal.aborted) await this.list();
    }
  }

  private async list(): Promise<void> {
    let response = await this.get('');
    // An older server does not serve slices, and an older role does not allow them: then the endpoints will do.
    if (this.resource === 'slices' && (response.statusCode === 404 || response.statusCode === 403)) {
      response.destroy();
      this.resource = 'endpoints';
      response = await this.get('');
    }
    await this.requireOk(response);
    const text = await this.within(response, kubernetesListMs, () =>
      readBody(response, kubernetesListBytesMax),
    );
    const list = text === null ? null : readList(this.resource, text, this.wanted.port);
    if (list === null) {
      const what = text === null ? `is over ${kubernetesListBytesMax} bytes` : 'is no list of its kind';
      throw this.error('discovery_malformed', `the answer ${what}`);
    }
    this.version = list.version;
    this.objects = list.objects;
    this.tell();
  }

  /** Resolves when the watch ended: true when it cannot go on from the version that was reached. */
  private async watch(): Promise<boolean> {
    const forMs = kubernetesWatchMinMs * (1 + this.random.next());
    const version = encodeURIComponent(this.version);
    const seconds = Math.ceil(forMs / 1_000);
    const query = `&watch=true&allowWatchBookmarks=true&resourceVersion=${version}&timeoutSeconds=${seconds}`;
    const response = await this.get(query);
    if (response.statusCode === 410) {
      response.destroy();
      return true;
    }
    await this.requireOk(response);
    const lines = linesOf(response, kubernetesLineBytesMax);
    try {
      return await this.within(response, forMs + kubernetesWatchGraceMs, async () => {
        for await (const line of lines) {
          this.cuts = 0;
          if (this.take(line)) return true;
        }
        this.cuts = 0;
        return false;
      });
    } catch (error) {
      // A connection that was cut is an end like another, unless they all are; what was said wrongly never is.
      if (error instanceof ClusterError && error.code === 'discovery_malformed') throw error;
      this.cuts += 1;
      if (this.cuts >= kubernetesCutsMax) throw error;
      return false;
    }
  }

  /** True when the version has expired. */
  private take(line: string): boolean {
    const event = readEvent(this.resource, line, this.wanted.port);
    if (event === null) throw this.error('discovery_malformed', 'a line of the watch is no event');
    switch (event.type) {
      case 'expired':
        return true;
      case 'error':
        throw this.error('discovery_malformed', `the watch failed: ${event.detail}`);
      case 'bookmark':
        this.version = event.version;
        return false;
      case 'removed':
        this.version = event.version;
        if (this.objects.delete(event.name)) this.tell();
        return false;
      case 'set':
        this.version = event.version;
        if (!this.objects.has(event.name) && this.objects.size >= kubernetesObjectsMax) return false;
        this.objects.set(event.name, event.addresses);
        this.tell();
        return false;
    }
  }

  private tell(): void {
    this.call.tell([...this.objects.values()].flat());
  }

  private get(query: string): Promise<IncomingMessage> {
    return ask(this.api, pathOf(this.resource, this.wanted) + query, this.call.signal);
  }

  private async requireOk(response: IncomingMessage): Promise<void> {
    const { statusCode: status = 0 } = response;
    if (status === 200) return;
    const body = await this.within(response, kubernetesListMs, () =>
      readBody(response, kubernetesRefusalBytesMax),
    ).catch(() => null);
    const detail = `answered ${status} ${statusMessage(body ?? '')}`.trim();
    if (status === 401 || status === 403) throw this.error('discovery_denied', detail);
    if (status === 404) throw this.error('discovery_not_found', detail);
    // Overloaded, starting, or broken: it may be well later.
    if (status === 429 || status >= 500) throw this.error('discovery_unreachable', detail);
    throw this.error('discovery_malformed', detail);
  }

  /** Ends the connection with the work, and the work with the connection after `limitMs`. */
  private async within<T>(response: IncomingMessage, limitMs: number, work: () => Promise<T>): Promise<T> {
    const cancelTimer = this.api.clock.timer(limitMs, () => response.destroy());
    try {
      return await work();
    } catch (error) {
      if (error instanceof ClusterError) throw error;
      throw this.error('discovery_unreachable', `the answer broke off: ${(error as Error).message}`);
    } finally {
      cancelTimer();
      response.destroy();
    }
  }

  /** So that a server that ends every watch at once is not asked without a breath. */
  private pause(): Promise<void> {
    const { signal } = this.call;
    return new Promise((resolve) => {
      const delayMs = kubernetesAgainMs * (0.5 + this.random.next());
      const cancel = this.api.clock.timer(delayMs, done);
      signal.addEventListener('abort', done, { once: true });
      function done() {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  private error(
    code: 'discovery_denied' | 'discovery_malformed' | 'discovery_not_found' | 'discovery_unreachable',
    detail: string,
  ): ClusterError {
    return new ClusterError(
      code,
      `${this.api.url} for ${this.wanted.namespace}/${this.wanted.service}: ${detail}`,
    );
  }
}
