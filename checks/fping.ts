/**
 * ICMP by fping: checks that come within one window and have the same time share a process, up to a bound of targets
 * and of processes. A target is answered when its own packets are told, not when its batch ends. A batch whose askers
 * have all gone is killed; each asker keeps its own deadline.
 */
import { type Child, type ChildEnd, startChild } from './child.ts';
import { limits } from './limits.ts';
import { aborted, type IcmpProber, type PingAnswer, tooManyWaiting } from './prober.ts';

type Settle = (answer: PingAnswer) => void;

interface Target {
  readonly askers: Set<{ settle: Settle }>;
  /** By sequence number: milliseconds, or null for a lost packet. */
  readonly packets: Map<number, number | null>;
}

interface Batch {
  readonly timeoutMs: number;
  readonly targets: Map<string, Target>;
  window: NodeJS.Timeout | null;
  child: Child | null;
  asking: number;
}

export interface FpingTiming {
  readonly periodMs: number;
  readonly replyWaitMs: number;
  readonly targetsMax: number;
}

/**
 * How a batch is sent so that its last answer is in within `timeoutMs`: the window and the process's start, three
 * rounds of a period each, and the wait for the last reply. A round must fit all targets at their spacing.
 */
export function fpingTiming(timeoutMs: number): FpingTiming {
  const periodMs = Math.floor(
    Math.min(limits.icmpPacketPeriodMsMax, Math.max(limits.icmpPacketPeriodMsMin, timeoutMs / 6)),
  );
  const spentMs = limits.icmpBatchWindowMs + limits.icmpProcessSlackMs + limits.icmpPackets * periodMs;
  return {
    periodMs,
    replyWaitMs: Math.max(limits.icmpReplyWaitMsMin, Math.floor(timeoutMs - spentMs)),
    targetsMax: Math.min(limits.icmpBatchTargetsMax, Math.floor(periodMs / limits.icmpSendSpacingMs)),
  };
}

export class FpingProber implements IcmpProber {
  private readonly path: string;
  /** By timeout: batches whose window is open. */
  private readonly open = new Map<number, Batch>();
  private readonly ready: Batch[] = [];
  private readonly running = new Set<Batch>();
  /** Askers of batches that have no process yet. */
  private waiting = 0;
  private closed: (() => void) | null = null;

  constructor(path: string) {
    this.path = path;
  }

  ping(address: string, timeoutMs: number, settle: Settle): () => boolean {
    if (this.closed !== null || this.waiting >= limits.icmpWaitingMax) {
      settle(this.closed === null ? tooManyWaiting : aborted);
      return () => false;
    }
    const batch = this.batchFor(timeoutStep(timeoutMs));
    const target = batch.targets.get(address) ?? { askers: new Set(), packets: new Map() };
    const asker = { settle };
    target.askers.add(asker);
    batch.targets.set(address, target);
    batch.asking += 1;
    this.waiting += 1;
    batch.window ??= setTimeout(() => this.dispatch(batch), limits.icmpBatchWindowMs);
    if (batch.targets.size >= fpingTiming(batch.timeoutMs).targetsMax) this.dispatch(batch);
    return () => {
      const begun = batch.child !== null;
      if (target.askers.delete(asker)) this.leave(batch, 1);
      return begun;
    };
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closed = resolve;
      for (const batch of [...this.open.values(), ...this.ready.splice(0)]) {
        for (const target of batch.targets.values()) this.answer(batch, target, aborted);
      }
      for (const batch of this.running) batch.child?.kill();
      if (this.running.size === 0) resolve();
    });
  }

  private batchFor(timeoutMs: number): Batch {
    const open = this.open.get(timeoutMs);
    if (open !== undefined) return open;
    const batch: Batch = { timeoutMs, targets: new Map(), window: null, child: null, asking: 0 };
    this.open.set(timeoutMs, batch);
    return batch;
  }

  private dispatch(batch: Batch): void {
    if (batch.window !== null) clearTimeout(batch.window);
    batch.window = null;
    this.open.delete(batch.timeoutMs);
    if (batch.asking > 0) this.ready.push(batch);
    this.launchReady();
  }

  private launchReady(): void {
    while (this.running.size < limits.icmpProcessesMax) {
      const batch = this.ready.shift();
      if (batch === undefined) return;
      if (batch.asking > 0) this.launch(batch);
    }
  }

  private launch(batch: Batch): void {
    this.running.add(batch);
    this.waiting -= batch.asking;
    const input = `${[...batch.targets.keys()].join('\n')}\n`;
    batch.child = startChild(
      this.path,
      fpingArguments(batch.timeoutMs),
      input,
      (line) => this.hear(batch, line),
      (end) => this.finish(batch, end),
    );
  }

  private hear(batch: Batch, line: string): void {
    const packet = parseFpingLine(line);
    const target = packet === null ? undefined : batch.targets.get(packet.address);
    if (packet === null || target === undefined) return;
    target.packets.set(packet.sequence, packet.rttMs);
    if (target.packets.size === limits.icmpPackets) this.answer(batch, target, countOf(target));
  }

  private answer(batch: Batch, target: Target, told: PingAnswer): void {
    for (const asker of target.askers) asker.settle(told);
    const left = target.askers.size;
    target.askers.clear();
    this.leave(batch, left);
  }

  /** Askers go, answered or not; with the last one goes the process. */
  private leave(batch: Batch, count: number): void {
    batch.asking -= count;
    if (batch.child === null) this.waiting -= count;
    if (batch.asking > 0) return;
    batch.child?.kill();
    if (batch.window !== null) this.dispatch(batch);
  }

  private finish(batch: Batch, end: ChildEnd): void {
    this.running.delete(batch);
    for (const target of batch.targets.values()) {
      if (target.askers.size === 0) continue;
      this.answer(batch, target, this.closed === null ? lastWord(target, end) : aborted);
    }
    if (this.closed === null) this.launchReady();
    else if (this.running.size === 0) this.closed();
  }
}

/**
 * Deadlines a hair apart get one batch. To the nearest step, since a check asks a little after its deadline was set;
 * half a step is within what `icmpProcessSlackMs` keeps back.
 */
function timeoutStep(timeoutMs: number): number {
  const steps = Math.round(timeoutMs / limits.icmpTimeoutStepMs);
  return Math.max(1, steps) * limits.icmpTimeoutStepMs;
}

/** Targets come on stdin: they are in no process list, and none can be taken for an option. */
export function fpingArguments(timeoutMs: number): string[] {
  const { periodMs, replyWaitMs } = fpingTiming(timeoutMs);
  const count = ['-C', String(limits.icmpPackets), '-p', String(periodMs), '-t', String(replyWaitMs)];
  return [...count, '-i', String(limits.icmpSendSpacingMs), '-B', '1', '-r', '0'];
}

/** `127.0.0.1 : [0], 64 bytes, 0.103 ms (...)` or `192.0.2.7 : [0], timed out (...)`; null for any other line. */
export function parseFpingLine(
  line: string,
): { address: string; sequence: number; rttMs: number | null } | null {
  const match = /^(\S+)\s+: \[(\d{1,3})\], (?:timed out|\d+ bytes, (\d+(?:\.\d+)?) ms)/.exec(line);
  if (match === null) return null;
  return {
    address: match[1]!,
    sequence: Number(match[2]),
    rttMs: match[3] === undefined ? null : Number(match[3]),
  };
}

function countOf(target: Target): PingAnswer {
  const rttsMs = [...target.packets.values()].filter((rtt) => rtt !== null);
  return { kind: 'counted', sent: limits.icmpPackets, rttsMs };
}

/**
 * For a target that was not told in full when fping ended. Exit statuses 0 and 1 are about reachability: what it could
 * not send (no route) it has no line for, and that is lost. With 2, some target was not understood; above, fping failed.
 */
function lastWord(target: Target, end: ChildEnd): PingAnswer {
  if (end.code === 0 || end.code === 1 || (end.code === 2 && target.packets.size > 0)) return countOf(target);
  return {
    kind: 'failed',
    detail: `fping failed: ${end.said === '' ? `exit status ${end.code}` : end.said}`,
  };
}
