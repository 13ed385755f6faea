/**
 * ICMP for sweeps: one packet to each of many addresses by one fping, spread as far as they were gathered. Apart from the
 * prober of checks, whose three packets and windows are made for few hosts that matter; bounded by itself, so that a sweep
 * takes no check's turn. Where there is only ping, the prober of checks does it, slowly.
 */
import { type Child, startChild } from '../child.ts';
import { parseFpingLine } from '../fping.ts';
import { limits } from '../limits.ts';
import { createPingProber } from '../ping.ts';
import type { ProberProgram } from '../prober.ts';
import type { ProbeAnswer } from './slice-book.ts';

export interface PingBatch {
  /** Canonical, that the guard let through, each once. */
  readonly addresses: readonly string[];
  /** How long the sending of all of them is to take. */
  readonly spreadMs: number;
  readonly timeoutMs: number;
}

export interface SweepPinger {
  /** What one ping of `batch` sends. */
  readonly packets: number;
  /** Tells each address once, unless cancelled by what is answered. */
  ping(batch: PingBatch, tell: (address: string, answer: ProbeAnswer) => void): () => void;
  /** Kills what runs; resolved when no child is left. What is under way is told `untold`. */
  close(): Promise<void>;
}

export function createSweepPinger(program: ProberProgram): SweepPinger {
  return program.kind === 'fping' ? new FpingSweeps(program.path) : pingSweeps(program.path);
}

interface Errand {
  readonly batch: PingBatch;
  readonly tell: (address: string, answer: ProbeAnswer) => void;
  readonly open: Set<string>;
  child: Child | null;
  isGone: boolean;
}

/** One round; the wait for the last reply is the whole timeout, since the others had it too. */
export function sweepArguments({ addresses, spreadMs, timeoutMs }: PingBatch): string[] {
  const spacingMs = Math.max(limits.icmpSendSpacingMs, Math.floor(spreadMs / addresses.length));
  return ['-C', '1', '-t', String(timeoutMs), '-i', String(spacingMs), '-r', '0'];
}

class FpingSweeps implements SweepPinger {
  readonly packets = 1;
  private readonly path: string;
  private readonly ready: Errand[] = [];
  private readonly running = new Set<Errand>();
  private closed: (() => void) | null = null;

  constructor(path: string) {
    this.path = path;
  }

  ping(batch: PingBatch, tell: Errand['tell']): () => void {
    const errand: Errand = { batch, tell, open: new Set(batch.addresses), child: null, isGone: false };
    if (this.closed !== null) {
      queueMicrotask(() => this.end(errand, 'aborted'));
      return () => this.cancel(errand);
    }
    this.ready.push(errand);
    this.launchReady();
    return () => this.cancel(errand);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closed = resolve;
      for (const errand of this.ready.splice(0)) this.end(errand, 'aborted');
      for (const errand of this.running) errand.child?.kill();
      if (this.running.size === 0) resolve();
    });
  }

  private cancel(errand: Errand): void {
    errand.isGone = true;
    errand.child?.kill();
  }

  private launchReady(): void {
    while (this.running.size < limits.sweepPingProcessesMax) {
      const errand = this.ready.shift();
      if (errand === undefined) return;
      if (!errand.isGone) this.launch(errand);
    }
  }

  private launch(errand: Errand): void {
    this.running.add(errand);
    const input = `${errand.batch.addresses.join('\n')}\n`;
    errand.child = startChild(
      this.path,
      sweepArguments(errand.batch),
      input,
      (line) => this.hear(errand, line),
      ({ code, said }) => {
        this.running.delete(errand);
        // With 0 and 1 fping did its work: an address without a line could not be sent to, and that is silence.
        const failure = code === 0 || code === 1 ? null : said === '' ? `exit status ${code}` : said;
        this.end(errand, this.closed !== null ? 'aborted' : failure);
        if (this.closed === null) this.launchReady();
        else if (this.running.size === 0) this.closed();
      },
    );
  }

  private hear(errand: Errand, line: string): void {
    const packet = parseFpingLine(line);
    if (packet === null || errand.isGone || !errand.open.delete(packet.address)) return;
    const { rttMs } = packet;
    errand.tell(packet.address, rttMs === null ? { type: 'silent' } : { type: 'answered', ms: rttMs });
  }

  private end(errand: Errand, failure: string | null): void {
    if (errand.isGone) return;
    const answer: ProbeAnswer =
      failure === null ? { type: 'silent' } : { type: 'untold', why: `fping failed: ${failure}` };
    for (const address of errand.open) errand.tell(address, answer);
    errand.open.clear();
  }
}

function pingSweeps(path: string): SweepPinger {
  const prober = createPingProber(path);
  return {
    packets: limits.icmpPackets,
    ping({ addresses, timeoutMs }, tell) {
      // It waits for its last reply within what is left after three packets.
      const withinMs = timeoutMs + limits.icmpPackets * limits.icmpPacketPeriodMsMax;
      const cancels = addresses.map((address) =>
        prober.ping(address, withinMs, (told) => {
          if (told.kind === 'failed') tell(address, { type: 'untold', why: told.detail });
          else {
            const ms = Math.min(...told.rttsMs);
            tell(address, told.rttsMs.length === 0 ? { type: 'silent' } : { type: 'answered', ms });
          }
        }),
      );
      return () => {
        for (const cancel of cancels) cancel();
      };
    },
    close: () => prober.close(),
  };
}
