/**
 * The fence around one life of a peer: which refs were sent to it, what it was refused, and the codec that looks into
 * its payloads. Between the mesh, the router and the directory (which ask) and the pure rules. It outlives a link that
 * another one replaces, as the messages do.
 */
import { Ref } from '../runtime/index.ts';
import { type Budget, spendBudget } from './admission/fence-budget.ts';
import { fencedMeasuredBytes, fencedSmallMsMax } from './admission/limits.ts';
import { type Codec, createCodec } from './codec.ts';
import { ClusterError } from './errors.ts';
import { type FenceEnd, type FenceFields, type FenceRule, judgeCrossing } from './fence.ts';
import { noteRefusal, type Refusals } from './fence-count.ts';
import { mayExportRef, mayNameRef } from './fence-payload.ts';
import { type Frame, isRouted } from './frame.ts';
import type { ControlKind } from './frame-layout.ts';
import type { Inbox } from './inbox.ts';
import { exportedRefsMax, fencedPayloadBytesMax } from './limits.ts';
import { fencedPartBounds, type PartBounds, partBounds } from './part-bounds.ts';

export interface FenceNeeds {
  readonly near: FenceEnd;
  /** The tenant of an actor of this node. */
  labelOf(id: number): string | null;
  /** Whether a tenant's nodes may address this actor without having been sent its ref. */
  isDoorOf(id: number, tenant: string): boolean;
  mayCall(procedure: string): boolean;
  log(level: 'warn', message: string, fields: Record<string, unknown>): void;
  monotonicMs(): number;
  busyMs(): number;
}

/** What is remembered of a peer beyond its links, so that an attacker who links again is still known. */
export interface Conduct {
  readonly refusals: Refusals;
  readonly budget: Budget;
}

export class LinkFence {
  readonly tenant: string;
  readonly far: FenceEnd;
  readonly refusals: Refusals;
  /** What is encoded for the peer and decoded of it; null on a tenant's own node, which trusts the platform. */
  readonly codec: Codec | null;
  private readonly needs: FenceNeeds;
  private readonly budget: Budget;
  private readonly exportedIds = new Set<number>();
  private readonly exportedRefs = new Set<string>();

  constructor(needs: FenceNeeds, tenant: string, far: FenceEnd, { refusals, budget }: Conduct) {
    this.needs = needs;
    this.tenant = tenant;
    this.far = far;
    this.refusals = refusals;
    this.budget = budget;
    this.codec = far.isTenants ? this.createCodec() : null;
  }

  /** Before anything of the frame is decoded; null: it may come in. */
  arrives(frame: Frame): FenceRule | null {
    if (this.far.isTenants && frame.payload.length > fencedPayloadBytesMax) return 'size';
    const fields: FenceFields = isRouted(frame) ? frame : (frame.header as FenceFields);
    return judgeCrossing({
      tenant: this.tenant,
      sender: this.far,
      receiver: this.needs.near,
      kind: frame.kind,
      fields,
      mayAddress: (id) => this.mayAddress(id),
      mayCall: (procedure) => this.needs.mayCall(procedure),
    });
  }

  /** The same table for what this node sends: what would be refused there does not leave here. */
  departs(kind: ControlKind, fields: FenceFields): boolean {
    const yes = () => true;
    const { near } = this.needs;
    const ends = { sender: near, receiver: this.far };
    return (
      judgeCrossing({ tenant: this.tenant, ...ends, kind, fields, mayAddress: yes, mayCall: yes }) === null
    );
  }

  /** Reads it; of a tenant's node answers for how many ms nothing more is read, so that others get their turn. */
  spend(inbox: Inbox, chunk: Buffer): number {
    const { counts } = inbox;
    const before = counts.framesIn + counts.partsIn;
    if (!this.far.isTenants) {
      inbox.receive(chunk);
      return 0;
    }
    // To ask for the processor's time takes some 8 us: of a few small messages it is the clock's, which others' turns are in too.
    const isLarge = chunk.length >= fencedMeasuredBytes;
    const begunMs = isLarge ? this.needs.busyMs() : this.needs.monotonicMs();
    inbox.receive(chunk);
    const nowMs = this.needs.monotonicMs();
    const ms = isLarge ? this.needs.busyMs() - begunMs : Math.min(nowMs - begunMs, fencedSmallMsMax);
    const frames = counts.framesIn + counts.partsIn - before;
    return spendBudget(this.budget, { bytes: chunk.length, frames, ms }, nowMs);
  }

  /** Of what is taken, and of what is sent. */
  get boundsIn(): PartBounds {
    return this.far.isTenants ? fencedPartBounds : partBounds;
  }

  get boundsOut(): PartBounds {
    return this.needs.near.isTenants ? fencedPartBounds : partBounds;
  }

  /** An actor of this node that the peer may write to. */
  mayAddress(id: number): boolean {
    return this.isOwn(id) || this.exportedIds.has(id);
  }

  /** An actor that it may also end and link: a ref that was sent gives the right to write, not that over life. */
  isOwn(id: number): boolean {
    return this.needs.near.isTenants || this.needs.isDoorOf(id, this.tenant);
  }

  /** The peer was told of this actor: in a payload, or as the sender of a signal. */
  exportId(id: number): void {
    // 0 stands for a node, not for an actor.
    if (id !== 0) remember(this.exportedIds, id);
  }

  /** Counts, says so in the log at a bounded rate; true when the link is to be closed. */
  refuse(rule: FenceRule, what: string): boolean {
    const { log, close } = noteRefusal(this.refusals, rule, this.needs.monotonicMs());
    const { node } = this.far;
    if (log !== null) {
      const fields = { peer: node, rule, what, refused: log, total: this.refusals.total };
      this.needs.log('warn', 'the tenant fence refused', fields);
    }
    return close;
  }

  private createCodec(): Codec {
    const { near } = this.needs;
    return createCodec({
      isRef: (value) => value instanceof Ref,
      encodeRef: (value) => {
        const { node, boot, id } = value as Ref;
        this.export(node, boot, id);
        return [node, boot, id];
      },
      decodeRef: (node, boot, id) => {
        const question = {
          tenant: this.tenant,
          near,
          far: this.far,
          mayAddress: (one: number) => this.mayAddress(one),
          isExported: (...ref: [string, number, number]) => this.exportedRefs.has(ref.join('.')),
        };
        if (mayNameRef(question, node, boot, id)) return new Ref(node, boot, id);
        throw new ClusterError('fenced', `the ref ${node}.${boot}.${id}`, 'ref');
      },
    });
  }

  private export(node: string, boot: number, id: number): void {
    const { near } = this.needs;
    const isHere = node === near.node && boot === near.boot;
    if (!mayExportRef(this.tenant, node, isHere ? this.needs.labelOf(id) : null)) {
      throw new ClusterError('fenced', `${node}.${boot}.${id} is not for tenant ${this.tenant}`, 'ref');
    }
    if (isHere) this.exportId(id);
    else if (node !== this.far.node) remember(this.exportedRefs, `${node}.${boot}.${id}`);
  }
}

/** The newest stay. */
function remember<T>(known: Set<T>, one: T): void {
  known.delete(one);
  known.add(one);
  if (known.size > exportedRefsMax) known.delete(known.values().next().value as T);
}
