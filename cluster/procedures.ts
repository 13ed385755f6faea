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
import {
  procedureDetailCharactersMax,
  proceduresPerLinkMax,
  procedureTimeoutMs,
  relayTimeoutMsMax,
} from './limits.ts';
import type { Link } from './link.ts';
import { ProcedureError, withRequestId } from './procedure-error.ts';

export interface Caller {
  readonly identity: PeerIdentity;
  readonly address: string;
}

export interface Procedure {
  /**
   * `read` and `write`: operators with that right, and nodes; `node`: nodes only; `tenant`: nodes, and those of tenants,
   * for whom `caller` says which. The platform's own nodes may call all of them.
   */
  readonly access: 'read' | 'write' | 'node' | 'tenant';
  /** A thrown error with a `code` is told with it; any other as `procedure_failed`. */
  run(argument: never, caller: Caller): unknown;
}

interface Waiting {
  link: Link;
  resolve(value: unknown): void;
  reject(error: Error): void;
  cancelTimer(): void;
}

interface Asked {
  name: string;
  argument: unknown;
}

/** Asked of another node for a caller, who is judged there; `trace` says what it is a part of. */
type Relayed = Asked & { caller: Caller; trace?: string | null };

export class Procedures {
  /** Set by whoever makes the node; null: nothing is followed. */
  tracing: Tracing | null = null;
  /** Told of each procedure that another node or an operator asked for, as a part of its trace; `error` null: it was answered. */
  ran: ((name: string, caller: Caller, error: unknown) => void) | null = null;
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

  constructor(codec: Codec, clock: Clock, linkTo: ((node: string) => Link | null) | null = null) {
    this.codec = codec;
    this.clock = clock;
    this.linkTo = linkTo;
    this.declare('relayed', {
      access: 'node',
      run: ({ name, argument, caller, trace }: Relayed) => this.runUnder(trace, name, argument, caller),
    });
    // What is asked for is judged by the rights of the one who asks. A tenant's node has no say about traces.
    this.declare('traced', {
      access: 'read',
      run: ({ name, argument, trace }: Asked & { trace: string }, caller) =>
        this.runUnder(trace, name, argument, caller),
    });
    if (linkTo !== null) {
      this.declare('relay', {
        // What is asked for there is judged there, by the rights of the one who asks.
        access: 'read',
        run: (request: Asked & { node: string; timeoutMs?: number }, caller) =>
          this.relay(linkTo, request, caller),
      });
    }
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
    for (const [callId, waiting] of [...this.waiting]) {
      if (waiting.link !== link) continue;
      if (link.current.isOpen) waiting.link = link.current;
      else this.settle(callId)?.reject(new ClusterError('node_down', why));
    }
  }

  /** As a part of the trace that a header names. */
  private runUnder(trace: unknown, name: string, argument: unknown, caller: Caller): Promise<unknown> {
    const asked = () => this.runFollowed(name, argument, caller);
    return this.tracing === null ? asked() : this.tracing.under(trace, asked);
  }

  private runFollowed(name: string, argument: unknown, caller: Caller): Promise<unknown> {
    const facts = { 'picket.caller': caller.identity.kind };
    const span = this.tracing?.root('server', `procedure ${name}`, facts) ?? null;
    return followed(span, async () => {
      try {
        const value = await this.run(name, argument, caller);
        this.ran?.(name, caller, null);
        return value;
      } catch (error) {
        this.ran?.(name, caller, error);
        throw span === null || caller.identity.kind === 'tenant' ? error : withRequestId(error, span.trace);
      }
    });
  }

  /** Runs a declared procedure for a caller, within its rights. */
  async run(name: string, argument: unknown, caller: Caller): Promise<unknown> {
    const procedure = this.declared.get(name);
    if (procedure === undefined)
      throw new ClusterError('no_such_procedure', `"${name}" is not declared here`);
    if (!mayCall(procedure.access, caller.identity)) {
      throw new ClusterError('procedure_denied', `"${name}" is not for ${caller.identity.kind} identities`);
    }
    return await procedure.run(argument as never, caller);
  }

  private async relay(
    linkTo: (node: string) => Link | null,
    request: Asked & { node: string; timeoutMs?: number },
    caller: Caller,
  ): Promise<unknown> {
    const link = linkTo(request.node);
    if (link === null) throw new ClusterError('no_such_node', `no link to "${request.node}" from here`);
    const { name, argument } = request;
    const span = this.tracing?.begin('client', `relay ${name}`, { 'picket.node': request.node }) ?? null;
    const trace = span === null ? {} : { trace: span.header };
    return await followed(span, () =>
      this.call(link, 'relayed', { name, argument, caller, ...trace }, relayTimeoutMs(request.timeoutMs)),
    );
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
      const identity = link.peer!.identity;
      const caller = { identity, address: link.address };
      const argument = this.codec.decode(payload);
      // A wrapper's step is what it wraps.
      const isWrapper = name === 'traced' || name === 'relayed';
      const value = await (isWrapper
        ? this.run(name, argument, caller)
        : this.runFollowed(name, argument, caller));
      const reply = this.codec.encode(value);
      if (!link.current.sendControl('procedure_reply', { callId }, reply) && link.current.isOpen) {
        throw new ClusterError('link_busy', 'the answer does not fit into the link now');
      }
    } catch (error) {
      this.refuse(link, callId, error);
    } finally {
      const now = this.underWay.get(link);
      if (now !== undefined) this.underWay.set(link, now - 1);
      this.running -= 1;
      if (this.running === 0) this.onIdle();
    }
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

function mayCall(access: Procedure['access'], identity: PeerIdentity): boolean {
  if (identity.kind === 'node') return true;
  if (identity.kind === 'tenant') return access === 'tenant';
  if (access === 'node' || access === 'tenant') return false;
  return identity.rights.includes('write') || (access === 'read' && identity.rights.includes('read'));
}

/** A deadline that a caller names is kept within reason. */
function relayTimeoutMs(asked: number | undefined): number {
  return asked !== undefined && asked > 0 && asked <= relayTimeoutMsMax ? asked : procedureTimeoutMs;
}
