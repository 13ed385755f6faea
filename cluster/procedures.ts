/**
 * Calls to declared procedures of a node: what operators' commands and other nodes may ask for by name. No code
 * travels. A procedure says who may call it; an operator reaches other nodes through any one (`relay`), with no more
 * rights than directly.
 */
import type { PeerIdentity } from '../certs/index.ts';
import { type Clock, followed, messageOf, type Tracing } from '../runtime/index.ts';
import type { Codec } from './codec.ts';
import { ClusterError, type ClusterErrorCode } from './errors.ts';
import type { ControlFrame } from './frame.ts';
import { GoneCallers } from './gone-callers.ts';
import { procedureDetailCharactersMax, proceduresPerLinkMax, procedureTimeoutMs } from './limits.ts';
import type { Link } from './link.ts';
import { mayCall, type ProcedureAccess } from './operator-rights.ts';
import { ProcedureError } from './procedure-error.ts';
import { followProcedure } from './procedure-followed.ts';
import { failureFor, mayName, relayTimeoutMs } from './relay-bounds.ts';

export interface Caller {
  readonly identity: PeerIdentity;
  readonly address: string;
  /** Of the certificate that the connection was judged by last. */
  readonly serial?: string;
  /** Of an operator: its connection to the cluster, as one name in all of it (`gone` tells when it ends). */
  readonly connection?: string;
  /** Said by nodes alone: the remote shell asks in the operator's name. */
  readonly inShell?: boolean;
}

export interface Procedure {
  /** The platform's own nodes may call all of them. */
  readonly access: ProcedureAccess;
  /** A thrown error with a `code` is told with it; any other as `procedure_failed`. */
  run(argument: never, caller: Caller): unknown;
}

interface Waiting {
  link: Link;
  resolve(value: unknown): void;
  reject(error: Error): void;
  cancelTimer(): void;
}

interface RelayRequest {
  readonly node: string;
  readonly name: string;
  readonly argument: unknown;
  readonly timeoutMs?: number;
}

/** Asked of another node for a caller, who is judged there; `trace` says what it is a part of. */
interface Relayed {
  readonly name: string;
  readonly argument: unknown;
  readonly caller: Caller;
  readonly trace?: string;
}

export class Procedures {
  /** Set by whoever makes the node; null: nothing is followed. */
  tracing: Tracing | null = null;
  /** Told of each procedure that another node or an operator asked for, as a part of its trace; `error` null: it was answered. */
  ran: ((name: string, caller: Caller, error: unknown) => void) | null = null;
  readonly gone: GoneCallers;
  private readonly declared = new Map<string, Procedure>();
  private readonly waiting = new Map<number, Waiting>();
  private readonly underWay = new Map<Link, number>();
  private readonly codec: Codec;
  private readonly clock: Clock;
  private readonly linkTo: ((node: string) => Link | null) | null;
  private lastCallId = 0;
  private running = 0;
  private leaving = false;
  private onIdle: () => void = () => {};

  /** `node`: the name of this one; '' for a command, which declares nothing. */
  constructor(codec: Codec, clock: Clock, linkTo: Procedures['linkTo'] = null, node = '') {
    this.codec = codec;
    this.clock = clock;
    this.linkTo = linkTo;
    const tell = (to: string, connection: string) =>
      void this.ask(to, 'caller_gone', { connection }).catch(() => {});
    this.gone = new GoneCallers({ node, tell });
    this.declare('relayed', {
      access: 'node',
      run: ({ name, argument, caller, trace }: Relayed) =>
        followProcedure(this, trace, name, caller, () => this.run(name, argument, caller)),
    });
    this.declare('caller_gone', {
      access: 'node',
      run: (told: { connection: unknown }, { identity }) =>
        identity.kind === 'node' && this.gone.told(identity.name, told?.connection),
    });
  }

  declare(name: string, procedure: Procedure): void {
    this.declared.set(name, procedure);
  }

  isForTenants(name: string): boolean {
    return this.declared.get(name)?.access === 'tenant';
  }

  call(link: Link, name: string, argument: unknown, timeoutMs = procedureTimeoutMs): Promise<unknown> {
    this.lastCallId = (this.lastCallId + 1) % 0x1_0000_0000;
    const callId = this.lastCallId;
    return new Promise((resolve, reject) => {
      const payload = this.codec.encode(argument);
      const cancelTimer = this.clock.timer(timeoutMs, () => {
        this.waiting.delete(callId);
        link.current.sendControl('procedure_cancel', { callId });
        reject(new ClusterError('call_timeout', `${name}: no answer within ${timeoutMs} ms`));
      });
      this.waiting.set(callId, { link, resolve, reject, cancelTimer });
      if (!link.sendControl('procedure_call', { callId, timeoutMs, name }, payload)) {
        this.settle(callId)?.reject(new ClusterError('link_busy', `${name}: the link is full or closed`));
      }
    });
  }

  /** Of another node, by its name. Rejects with `no_such_node` without a link. */
  ask(node: string, name: string, argument: unknown, timeoutMs?: number): Promise<unknown> {
    const link = this.linkTo?.(node) ?? null;
    if (link === null)
      return Promise.reject(new ClusterError('no_such_node', `no link to "${node}" from here`));
    const trace = this.tracing?.header() ?? null;
    if (trace === null || link.fence !== null) return this.call(link, name, argument, timeoutMs);
    return this.call(link, 'traced', { name, argument, trace }, timeoutMs).catch((error: unknown) => {
      // Of a node that knows nothing of traces: what it refuses so was not begun.
      if ((error as { code?: unknown }).code !== 'no_such_procedure') throw error;
      return this.call(link, name, argument, timeoutMs);
    });
  }

  /** Frames of procedures, after the fence. */
  receive(link: Link, frame: ControlFrame): void {
    switch (frame.kind) {
      case 'procedure_call':
        void this.serve(link, frame.header.callId, frame.header.name, frame.payload);
        return;
      case 'procedure_reply':
        this.answered(link, frame.header.callId, (waiting) =>
          waiting.resolve(this.codec.decode(frame.payload)),
        );
        return;
      case 'procedure_error':
        this.answered(link, frame.header.callId, (waiting) => {
          const detail = this.codec.decode(frame.payload);
          waiting.reject(new ProcedureError(frame.header.code, typeof detail === 'string' ? detail : ''));
        });
        return;
    }
  }

  /** A call that the fence did not let through. What is not for its caller is not there. */
  refused(link: Link, { callId, name }: { callId: number; name: string }): void {
    this.refuse(link, callId, new ClusterError('no_such_procedure', `"${name}" is not declared here`));
  }

  /** From now on new calls of others are refused with `leaving`. Resolves when those that were taken are answered. */
  leave(): Promise<void> {
    this.leaving = true;
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.onIdle;
      this.onIdle = () => {
        before();
        resolve();
      };
    });
  }

  /** Every call over the link ends, unless another link to the same peer took its place. */
  lost(link: Link, why: string): void {
    this.underWay.delete(link);
    if (!link.current.isOpen) this.gone.linkEnded(link);
    for (const [callId, waiting] of [...this.waiting]) {
      if (waiting.link !== link) continue;
      if (link.current.isOpen) waiting.link = link.current;
      else this.settle(callId)?.reject(new ClusterError('node_down', why));
    }
  }

  /** Runs a declared procedure for a caller, within its rights. */
  async run(name: string, argument: unknown, caller: Caller): Promise<unknown> {
    const procedure = this.declared.get(name);
    if (procedure === undefined)
      throw new ClusterError('no_such_procedure', `"${name}" is not declared here`);
    if (!mayCall(procedure.access, caller.identity, caller.inShell === true)) {
      throw new ClusterError('procedure_denied', `"${name}" is not for ${caller.identity.kind} identities`);
    }
    return await procedure.run(argument as never, caller);
  }

  private async serve(link: Link, callId: number, name: string, payload: Uint8Array): Promise<void> {
    if (this.leaving) {
      this.refuse(link, callId, new ClusterError('leaving', `"${name}" was not begun: this node goes`));
      return;
    }
    const busy = this.underWay.get(link) ?? 0;
    if (busy >= proceduresPerLinkMax) {
      this.refuse(link, callId, new ClusterError('link_busy', `${busy} procedures are under way`));
      return;
    }
    this.underWay.set(link, busy + 1);
    this.running += 1;
    try {
      const argument = this.codec.decode(payload);
      const caller = this.callerOf(link);
      const value = await this.answer(link, name, argument, caller);
      const reply = this.codec.encode(value);
      if (!link.current.sendControl('procedure_reply', { callId }, reply) && link.current.isOpen) {
        throw new ClusterError('link_busy', 'the answer does not fit into the link now');
      }
    } catch (error) {
      this.refuse(link, callId, failureFor(link.peer?.identity, error));
    } finally {
      const now = this.underWay.get(link);
      if (now !== undefined) this.underWay.set(link, now - 1);
      this.running -= 1;
      if (this.running === 0) this.onIdle();
    }
  }

  /** `traced` is what it wraps, as a part of the trace that its caller names; the fence lets no tenant's node say it. */
  private answer(link: Link, name: string, argument: unknown, caller: Caller): Promise<unknown> {
    if (name === 'relayed') return this.run(name, argument, caller);
    const isTraced = name === 'traced';
    const asked = isTraced ? (argument as Relayed) : { name, argument, trace: null };
    return followProcedure(this, asked.trace, asked.name, caller, () =>
      asked.name === 'relay' && this.linkTo !== null
        ? this.relay(link, asked.argument as RelayRequest, caller)
        : this.run(asked.name, asked.argument, caller),
    );
  }

  private callerOf(link: Link): Caller {
    const { identity, serial } = link.peer!;
    const connection = this.gone.connectionOf(link);
    return { identity, address: link.address, serial, ...(connection !== null && { connection }) };
  }

  /** What is asked for there is judged there, by the rights of the one who asks. */
  private async relay(from: Link, request: RelayRequest, caller: Caller): Promise<unknown> {
    if (!mayCall('shell', caller.identity, false))
      throw new ClusterError('procedure_denied', `"relay" is not for ${caller.identity.kind} identities`);
    const { node, name, argument } = request;
    const link = mayName(node, caller.identity) ? (this.linkTo?.(node) ?? null) : null;
    if (link === null) throw new ClusterError('no_such_node', `no link to "${node}" from here`);
    if (link.fence !== null)
      throw new ClusterError('procedure_denied', `"${node}" is a tenant's own node: nothing is asked of it`);
    this.gone.relayed(from, node);
    const span = this.tracing?.begin('client', `relay ${name}`, { 'picket.node': node }) ?? null;
    const relayed: Relayed = { name, argument, caller, ...(span !== null && { trace: span.header }) };
    const timeoutMs = relayTimeoutMs(request.timeoutMs);
    return await followed(span, () => this.call(link, 'relayed', relayed, timeoutMs));
  }

  private refuse(link: Link, callId: number, error: unknown): void {
    const { code = 'procedure_failed' } = error as { code?: ClusterErrorCode };
    const stated = typeof code === 'string' ? code.slice(0, 60) : 'procedure_failed';
    const detail = messageOf(error).slice(0, procedureDetailCharactersMax);
    link.current.sendControl('procedure_error', { callId, code: stated }, this.codec.encode(detail));
  }

  private answered(link: Link, callId: number, act: (waiting: Waiting) => void): void {
    if (this.waiting.get(callId)?.link.current !== link.current) return;
    const waiting = this.settle(callId);
    if (waiting === null) return;
    try {
      act(waiting);
    } catch (error) {
      waiting.reject(error as Error);
    }
  }

  private settle(callId: number): Waiting | null {
    const waiting = this.waiting.get(callId);
    if (waiting === undefined) return null;
    this.waiting.delete(callId);
    waiting.cancelTimer();
    return waiting;
  }
}
