/**
 * The icmp check: three packets, lost ones counted. Packets are sent by a program of the system that may (fping, else
 * ping), because raw sockets need a right that we do not ask for. The latency is the mean of the packets that came back.
 */
import { FpingProber } from './fping.ts';
import { endedOutcome, locate, type Run } from './locate.ts';
import { type CheckOutcome, type CheckRequest, failed, succeeded, untold, warned } from './outcome.ts';
import { createPingProber } from './ping.ts';
import { type IcmpProber, type PingAnswer, type ProberProgram, tooManyWaiting } from './prober.ts';

export function createIcmpProber(program: ProberProgram): IcmpProber {
  return program.kind === 'fping' ? new FpingProber(program.path) : createPingProber(program.path);
}

export async function checkIcmp(request: CheckRequest, run: Run): Promise<CheckOutcome> {
  const { icmp } = run;
  if (icmp === null) {
    return untold(
      'no program to send ICMP with: install fping (Debian: apt-get install fping) or ping (iputils-ping)',
    );
  }
  const located = await locate(request.target, run);
  if (located.outcome !== undefined) return located.outcome;
  let begun = false;
  const answer = await run.deadline.stage<PingAnswer>((settle) => {
    const cancel = icmp.ping(located.addresses[0].text, run.deadline.remainingMs(), settle);
    return () => {
      begun = cancel();
    };
  });
  if (answer !== null) return judgeAnswer(answer);
  const waited = run.deadline.ended === 'timeout' && !begun;
  return waited ? untold(tooManyWaiting.detail) : endedOutcome(run);
}

function judgeAnswer(answer: PingAnswer): CheckOutcome {
  if (answer.kind === 'failed') return untold(answer.detail);
  const { sent, rttsMs } = answer;
  const lost = sent - rttsMs.length;
  if (rttsMs.length === 0) return failed(`${lost} of ${sent} packets lost`);
  const averageMs = rttsMs.reduce((sum, rtt) => sum + rtt, 0) / rttsMs.length;
  return lost === 0 ? succeeded(averageMs) : warned(`${lost} of ${sent} packets lost`, averageMs);
}
