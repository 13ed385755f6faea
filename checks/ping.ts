/**
 * ICMP by the system's ping, where there is no fping: one process per check, a bounded number at once, the others in
 * order. Written for iputils; what its output does not say is taken as a failure of the program, never of the target.
 */
import { type Child, type ChildEnd, startChild } from './child.ts';
import { limits } from './limits.ts';
import { aborted, type IcmpProber, type PingAnswer, tooManyWaiting } from './prober.ts';

interface Errand {
  readonly address: string;
  readonly timeoutMs: number;
  readonly settle: (answer: PingAnswer) => void;
  child: Child | null;
  gone: boolean;
}

export function createPingProber(path: string): IcmpProber {
  const ready: Errand[] = [];
  const running = new Set<Errand>();
  let closed: (() => void) | null = null;

  function launchReady(): void {
    while (running.size < limits.icmpProcessesMax) {
      const errand = ready.shift();
      if (errand === undefined) return;
      if (!errand.gone) launch(errand);
    }
  }

  function launch(errand: Errand): void {
    running.add(errand);
    const lines: string[] = [];
    errand.child = startChild(
      path,
      pingArguments(errand.address, errand.timeoutMs),
      '',
      (line) => {
        if (lines.length < limits.icmpPackets * 8) lines.push(line);
      },
      (end) => {
        running.delete(errand);
        if (!errand.gone) errand.settle(closed === null ? readPing(lines, end) : aborted);
        if (closed === null) launchReady();
        else if (running.size === 0) closed();
      },
    );
  }

  return {
    ping(address, timeoutMs, settle) {
      if (closed !== null || ready.length >= limits.icmpWaitingMax) {
        settle(closed === null ? tooManyWaiting : aborted);
        return () => false;
      }
      const errand: Errand = { address, timeoutMs, settle, child: null, gone: false };
      ready.push(errand);
      launchReady();
      return () => {
        errand.gone = true;
        errand.child?.kill();
        return errand.child !== null;
      };
    },
    close() {
      return new Promise((resolve) => {
        closed = resolve;
        for (const errand of ready.splice(0)) {
          if (!errand.gone) errand.settle(aborted);
        }
        for (const errand of running) errand.child?.kill();
        if (running.size === 0) resolve();
      });
    },
  };
}

/** The wait for the last reply is in whole seconds where it can be: older versions know no others. */
export function pingArguments(address: string, timeoutMs: number): string[] {
  // Under 200 ms only root may go (iputils).
  const periodMs = limits.icmpPacketPeriodMsMax;
  const waitMs = timeoutMs - (limits.icmpPackets - 1) * periodMs - limits.icmpProcessSlackMs;
  const waitSeconds =
    waitMs >= 1000 ? Math.floor(waitMs / 1000) : Math.max(0.1, Math.floor(waitMs / 100) / 10);
  return [
    '-n',
    '-c',
    String(limits.icmpPackets),
    '-i',
    String(periodMs / 1000),
    '-W',
    String(waitSeconds),
    address,
  ];
}

/** Counts the replies (`time=0.022 ms`) once the summary line is there to say that all packets were sent. */
export function readPing(lines: readonly string[], end: ChildEnd): PingAnswer {
  const summary = lines
    .map((line) => /^(\d+) packets transmitted/.exec(line))
    .find((match) => match !== null);
  if (summary === undefined || summary === null) {
    // Without a route iputils sends nothing, and for the target that is the same as losing all.
    if (/unreachable/i.test(end.said)) return { kind: 'counted', sent: limits.icmpPackets, rttsMs: [] };
    return {
      kind: 'failed',
      detail: `ping failed: ${end.said === '' ? `exit status ${end.code}` : end.said}`,
    };
  }
  const rttsMs: number[] = [];
  for (const line of lines) {
    const reply = line.includes('DUP!') ? null : /\btime[=<](\d+(?:\.\d+)?) ?ms/.exec(line);
    if (reply !== null) rttsMs.push(Number(reply[1]));
  }
  return { kind: 'counted', sent: limits.icmpPackets, rttsMs: rttsMs.slice(0, limits.icmpPackets) };
}
