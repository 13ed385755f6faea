/**
 * A scheduled check as one trace: from the moment it is handed out until its result is written. Results travel in batches, which
 * have many causes, so each job that is followed carries the trace by itself, and every actor on its way makes a step of its
 * own. Only checks that the sampling chose have one; of the others nothing is kept and nothing sent.
 */
import { tenantOfNode } from '../cluster/index.ts';
import type { Span, Tracing } from '../runtime/index.ts';
import type { Dispatch } from './job.ts';
import { checkTracesMax } from './limits.ts';
import type { Job } from './messages.ts';

const none: readonly string[] = [];

interface Due {
  readonly checkId: string;
  readonly dueAtMs: number;
}

/** Of a scheduler: the checks that are handed out and followed. */
export class CheckTraces {
  private readonly open = new Map<string, Span>();

  /** What the job carries; null: it is not followed. Handed out again, it is in the trace that it was in. */
  begin(
    tracing: Tracing | null,
    tenant: string,
    { check, dueAtMs }: Dispatch,
    poller: string,
  ): string | null {
    // A tenant's own node is told of no trace.
    if (tracing === null || !tracing.isSampling || tenantOfNode(poller) !== null) return null;
    const key = keyOf({ checkId: check.id, dueAtMs });
    const before = this.open.get(key);
    if (before !== undefined) return before.header;
    if (this.open.size >= checkTracesMax) return null;
    const facts = { 'picket.tenant': tenant, 'picket.check': check.id };
    const span = tracing.sampled('internal', `check ${check.kind}`, facts);
    if (span === null) return null;
    this.open.set(key, span);
    return span.header;
  }

  /** A row stands for the instant now: what its writing carries, nothing when it was not followed. */
  end(due: Due, gap: string | null): readonly string[] {
    if (this.open.size === 0) return none;
    const key = keyOf(due);
    const span = this.open.get(key);
    if (span === undefined) return none;
    this.open.delete(key);
    span.end(gap === null ? undefined : new Error(`a gap: ${gap}`));
    return [span.header];
  }
}

/** Of a poller and of an agent: their part of a job that is followed; null: it is not, or nothing is followed here. */
export function jobStep(tracing: Tracing | null, { trace, checkId }: Job, name: string): Span | null {
  if (trace === undefined || tracing === null) return null;
  return tracing.under(trace, () => tracing.begin('internal', name, { 'picket.check': checkId }));
}

/** What goes on to the next actor is a part of the step. */
export function withStep(job: Job, step: Span | null | undefined): Job {
  return step === null || step === undefined ? job : { ...job, trace: step.header };
}

/** Of a writer: results that are followed and not written yet. */
export class WriteSteps {
  private steps: { readonly tenantId: string; readonly span: Span }[] = [];

  take(tracing: Tracing | null, tenantId: string, traces: readonly string[] = []): void {
    if (tracing === null) return;
    for (const trace of traces) {
      if (this.steps.length >= checkTracesMax) return;
      const span = tracing.under(trace, () => tracing.begin('internal', 'write result'));
      if (span !== null) this.steps.push({ tenantId, span });
    }
  }

  /** Writes them; a statement has many causes, and is told as a part of the first that is followed. */
  run<T>(writes: readonly { readonly tenantId: string }[], work: () => T): T {
    if (this.steps.length === 0) return work();
    const of = new Set(writes.map(({ tenantId }) => tenantId));
    const first = this.steps.find(({ tenantId }) => of.has(tenantId));
    return first === undefined ? work() : first.span.run(work);
  }

  get isEmpty(): boolean {
    return this.steps.length === 0;
  }

  /** Of tenants of which nothing is left to be written. */
  settle(isHere: (tenantId: string) => boolean): void {
    const done = this.steps.filter(({ tenantId }) => !isHere(tenantId));
    if (done.length === 0) return;
    this.steps = this.steps.filter(({ tenantId }) => isHere(tenantId));
    for (const { span } of done) span.end();
  }
}

function keyOf({ checkId, dueAtMs }: Due): string {
  return `${checkId}|${dueAtMs}`;
}
