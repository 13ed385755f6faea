/**
 * Documents of agents and pollers that know nothing of our service: what one push or one stream has of each service, in order,
 * becomes one document. Its bytes go to the core as they come, so that none is held here; it is finished with the last chunk,
 * or forgotten. Between `status-calls.ts` and `document-relay.ts`.
 */
import { createHash } from 'node:crypto';
import type { Cluster } from '../cluster/index.ts';
import { type DocumentRelayNeeds, RelayedDocument } from './document-relay.ts';
import { type GatewayRefusal, isRefusal, refuse } from './errors.ts';
import { documentPartBytesMax } from './limits.ts';
import { addToArray, emptyArray, endOfArray, type OneArray } from './one-array.ts';
import type { EdgePeer } from './peer.ts';
import type { StatusItem } from './status-items.ts';

/** Unlike any that another gateway gives, or this one in another life or for what comes another way. */
export function keysOf({ node, boot }: Cluster, way: 'push' | 'poll'): () => string {
  let given = 0;
  return () => {
    given += 1;
    return `${way}-${node}-${boot}-${given}`;
  };
}

/** What of an item is a document that somebody takes. */
export function isDocument({ source, type }: StatusItem): boolean {
  return source === 'results' && (type === 'sync' || type === 'sweep');
}

interface Growing {
  readonly item: Pick<StatusItem, 'agentId' | 'type' | 'name'>;
  readonly hash: ReturnType<typeof createHash>;
  array: OneArray;
  /** Not sent yet: less than a part. */
  waiting: Uint8Array[];
  waitingBytes: number;
  sentBytes: number;
  relayed: RelayedDocument | null;
}

export class OlderDocuments {
  private readonly needs: DocumentRelayNeeds;
  private readonly peer: EdgePeer;
  /** Of this push or stream: those agents give their documents no id. */
  private readonly key: string;
  private readonly growing = new Map<string, Growing>();

  constructor(needs: DocumentRelayNeeds, peer: EdgePeer, key: string) {
    this.needs = needs;
    this.peer = peer;
    this.key = key;
  }

  async take(item: StatusItem): Promise<GatewayRefusal | null> {
    const { agentId, type, name, message } = item;
    const key = `${agentId}\n${type}\n${name}`;
    const one = this.growing.get(key) ?? newGrowing({ agentId, type, name });
    this.growing.set(key, one);
    const { state, text } = addToArray(one.array, message);
    one.array = state;
    if (state.isBad) return notJson(one);
    return await this.add(one, text);
  }

  /** Null when all of them are whole and stored. */
  async finish(): Promise<GatewayRefusal | null> {
    for (const [key, one] of this.growing) {
      const end = endOfArray(one.array);
      if (end === null) return notJson(one);
      // Nothing new is said by an empty array, or by no data.
      const refusal = end.length === 0 ? null : ((await this.add(one, end)) ?? (await this.whole(one)));
      if (refusal !== null) return refusal;
      one.relayed?.leave();
      this.growing.delete(key);
    }
    return null;
  }

  /** What was not finished is forgotten. */
  abandon(): void {
    for (const { relayed } of this.growing.values()) relayed?.forget();
    this.growing.clear();
  }

  private async add(one: Growing, text: Uint8Array): Promise<GatewayRefusal | null> {
    if (text.length === 0) return null;
    one.hash.update(text);
    one.waiting.push(text);
    one.waitingBytes += text.length;
    return one.waitingBytes < documentPartBytesMax ? null : await this.send(one, documentPartBytesMax);
  }

  private async whole(one: Growing): Promise<GatewayRefusal | null> {
    const refusal = await this.send(one, 1);
    if (refusal !== null) return refusal;
    const ended = await one.relayed!.end(one.sentBytes, one.hash.digest('hex'));
    return isRefusal(ended) ? ended : null;
  }

  /** As long as there are `atLeast` bytes, a part at a time. */
  private async send(one: Growing, atLeast: number): Promise<GatewayRefusal | null> {
    const bytes = Buffer.concat(one.waiting);
    let from = 0;
    while (bytes.length - from >= atLeast) {
      const part = bytes.subarray(from, from + documentPartBytesMax);
      const refusal = await this.sendPart(one, part);
      if (refusal !== null) return refusal;
      from += part.length;
    }
    one.waiting = from === bytes.length ? [] : [Buffer.from(bytes.subarray(from))];
    one.waitingBytes = bytes.length - from;
    return null;
  }

  private async sendPart(one: Growing, part: Uint8Array): Promise<GatewayRefusal | null> {
    if (one.relayed === null) {
      const { agentId: agent, type: kind, name: service } = one.item;
      const { id, role, partition, tenantId } = this.peer;
      // Of one push there is one document of each service: the service is part of its id.
      const named = createHash('sha256').update(service).digest('hex').slice(0, 16);
      const key = `${this.key}/${kind}/${named}`;
      const asked = { key, sender: `${role}/${id}`, agent, partition, kind, service, totalBytes: null };
      const opened = await RelayedDocument.open(this.needs, tenantId, asked);
      if (isRefusal(opened)) return opened;
      one.relayed = opened;
    }
    const held = await one.relayed.part(one.sentBytes, part);
    if (isRefusal(held)) return held;
    one.sentBytes += part.length;
    return null;
  }
}

function newGrowing(item: Growing['item']): Growing {
  return {
    ...{ item, array: emptyArray, hash: createHash('sha256'), waiting: [], waitingBytes: 0, sentBytes: 0 },
    relayed: null,
  };
}

function notJson({ item: { type, name } }: Growing): GatewayRefusal {
  const shown = JSON.stringify(name.slice(0, 64));
  return refuse(
    'document_damaged',
    `the ${type} of ${shown} is no JSON of arrays and objects: nothing of it is kept`,
  );
}
