/**
 * `picket.edge.v1.Documents` at the gateway: an agent's stream of documents, each relayed to the core of its tenant as it
 * comes. While the core stores a part nothing more is read, so a store that falls behind makes the agent wait. Between
 * grpc-js and `document-relay.ts`; the rules of the stream are `document-order.ts`.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { DocumentDown, DocumentEnd, DocumentOpen, DocumentPart, DocumentUp } from '../proto/index.ts';
import { type Clock, messageOf } from '../runtime/index.ts';
import { admit, type CallNeeds, told } from './calls.ts';
import {
  creditOf,
  type DocumentEvent,
  type DocumentOrder,
  noDocument,
  stepDocument,
} from './document-order.ts';
import { type DocumentRelayNeeds, RelayedDocument } from './document-relay.ts';
import { type GatewayRefusal, isRefusal, refuse } from './errors.ts';
import { documentPartBytesMax, documentSilentMs, documentWindowBytes } from './limits.ts';
import { type EdgePeer, holderOf } from './peer.ts';
import type { Received } from './received.ts';
import { finishListed, listedDocument, sourceKind } from './source-calls.ts';

export interface DocumentNeeds extends CallNeeds, DocumentRelayNeeds {
  readonly clock: Clock;
}

type DocumentCall = ServerDuplexStream<Received<DocumentUp>, DocumentDown>;

export function documentCalls(needs: DocumentNeeds) {
  return { transfer: (call: DocumentCall) => void transfer(needs, call) };
}

async function transfer(needs: DocumentNeeds, call: DocumentCall): Promise<void> {
  const caller = admit(needs, call);
  const peer = isRefusal(caller) ? null : caller.peer;
  const refusal = isRefusal(caller) ? caller : await read(needs, call, caller);
  if (refusal !== null) call.emit('error', told(needs, peer, refusal));
  else call.end();
}

/** A stream's window counts as held from its first message to its last. */
async function read(
  needs: DocumentNeeds,
  call: DocumentCall,
  { peer, readNext }: { peer: EdgePeer; readNext(): void },
): Promise<GatewayRefusal | null> {
  const holder = holderOf(peer);
  if (!needs.held.take(holder, documentWindowBytes))
    return refuse('too_large', 'too much of this sender is under way: wait for its answers');
  const stream = new DocumentStream(needs, peer, (message) => void call.write(message));
  let silence = () => {};
  const listen = () => {
    silence();
    silence = needs.clock.timer(documentSilentMs, () => call.destroy(new Error('nothing came')));
  };
  try {
    listen();
    const messages: AsyncIterable<Received<DocumentUp>> = call.iterator({ destroyOnReturn: false });
    for await (const received of messages) {
      silence();
      if (!received.ok) return received.refusal;
      const refusal = await stream.take(received.message);
      if (refusal !== null) return refusal;
      // What came is stored: another gateway goes on from there.
      if (needs.isDraining()) return refuse('node_draining', 'this node ends');
      listen();
      readNext();
    }
    return stream.ended();
  } catch (error) {
    // The agent went, or its connection did: what is stored waits for it.
    return call.cancelled ? null : refuse('tenant_unavailable', messageOf(error));
  } finally {
    silence();
    stream.leave();
    needs.held.give(holder, documentWindowBytes);
  }
}

class DocumentStream {
  private readonly needs: DocumentRelayNeeds;
  private readonly peer: EdgePeer;
  private readonly tell: (message: DocumentDown) => void;
  private order: DocumentOrder = noDocument;
  private document: RelayedDocument | null = null;
  private id = '';
  /** The run of a source that lists it; null: a document of the agent's own. */
  private run: string | null = null;

  constructor(needs: DocumentRelayNeeds, peer: EdgePeer, tell: (message: DocumentDown) => void) {
    this.needs = needs;
    this.peer = peer;
    this.tell = tell;
  }

  async take({ step, open, part, end }: DocumentUp): Promise<GatewayRefusal | null> {
    if (step === 'open' && open) return await this.open(open);
    if (step === 'part' && part) return await this.part(part);
    if (step === 'end' && end) return await this.end(end);
    // A newer agent may say more.
    return null;
  }

  ended(): GatewayRefusal | null {
    if (this.order.phase === 'idle') return null;
    return refuse('stream_incomplete', `the document is not whole: ${this.order.held} bytes of it are held`);
  }

  leave(): void {
    this.document?.leave();
    this.document = null;
  }

  private step(event: DocumentEvent): GatewayRefusal | null {
    const next = stepDocument(this.order, event);
    if (isRefusal(next)) return next;
    this.order = next;
    return null;
  }

  private async open({ id, kind, service, totalBytes }: DocumentOpen): Promise<GatewayRefusal | null> {
    const refusal = this.step({ type: 'open' });
    if (refusal !== null) return refusal;
    const { peer } = this;
    this.run = kind === sourceKind ? id : null;
    const asked =
      this.run !== null
        ? await listedDocument(this.needs, peer, this.run)
        : {
            ...{ key: id, sender: `${peer.role}/${peer.id}`, agent: peer.id, partition: peer.partition },
            ...{ kind, service, totalBytes: totalBytes === 0 ? null : totalBytes },
          };
    if (isRefusal(asked)) return asked;
    const document = await RelayedDocument.open(this.needs, peer.tenantId, asked);
    if (isRefusal(document)) return document;
    this.document = document;
    this.id = id;
    return this.held(document.heldBytes);
  }

  private async part({ offset, data }: DocumentPart): Promise<GatewayRefusal | null> {
    const refusal = this.step({ type: 'part', offset, bytes: data.length });
    if (refusal !== null) return refusal;
    const held = await this.document!.part(offset, data);
    return isRefusal(held) ? held : this.held(held);
  }

  private async end({ totalBytes, sha256 }: DocumentEnd): Promise<GatewayRefusal | null> {
    const refusal = this.step({ type: 'end', totalBytes, hashBytes: sha256.length });
    if (refusal !== null) return refusal;
    const hash = Buffer.from(sha256).toString('hex');
    // What a source lists is judged before it is whole, by whoever has its run.
    const received =
      this.run === null
        ? await this.document!.end(totalBytes, hash)
        : await finishListed(this.needs, this.peer, this.run, totalBytes, hash);
    if (isRefusal(received)) return received;
    this.leave();
    this.tell({ received: { id: this.id, totalBytes, items: received.items } });
    return this.step({ type: 'received' });
  }

  private held(heldBytes: number): GatewayRefusal | null {
    const refusal = this.step({ type: 'held', heldBytes });
    if (refusal !== null) return refusal;
    const { held } = this.order;
    this.tell({
      held: { heldBytes: held, creditBytes: creditOf(this.order), partBytesMax: documentPartBytesMax },
    });
    return null;
  }
}
