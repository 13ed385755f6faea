/**
 * The tcp check: connect, close, and say how long the connect took (the lookup of a name is not in it, but is within
 * the deadline). Thousands run each second, so an address costs no lookup, and a check one socket and one promise.
 */
import { connect, type Socket } from 'node:net';
import { badCheck } from './errors.ts';
import { failureOutcome } from './failure.ts';
import { endedOutcome, locate, pinnedLookup, type Run } from './locate.ts';
import { type CheckOutcome, type CheckRequest, failed, refused, succeeded } from './outcome.ts';

export async function checkTcp(request: CheckRequest, run: Run): Promise<CheckOutcome> {
  const { port } = request;
  if (port === null || !(port >= 1 && port <= 65_535))
    return refused(badCheck('a tcp check needs a port from 1 to 65535'));
  const answer = locate(request.target, run);
  const located = answer instanceof Promise ? await answer : answer;
  if (located.outcome !== undefined) return located.outcome;
  const { addresses } = located;
  const startedMs = run.clock.monotonicMs();
  const outcome = await run.deadline.stage<CheckOutcome>((settle) => {
    const socket =
      addresses.length === 1
        ? connect({ host: addresses[0].text, port, autoSelectFamily: false })
        : connect({ host: 'several', port, lookup: pinnedLookup(addresses), autoSelectFamily: true });
    // Without this a connected socket starts to read what nobody wants.
    socket.pause();
    socket.once('connect', () => {
      const latencyMs = run.clock.monotonicMs() - startedMs;
      settle(reachedItself(socket, port) ? failed('connection refused') : succeeded(latencyMs));
      socket.destroy();
    });
    // Stays on after the end: a socket that is being destroyed may still report what it met.
    socket.on('error', (error) => settle(failureOutcome(error)));
    return () => socket.destroy();
  });
  return outcome ?? endedOutcome(run);
}

/**
 * With nobody listening on a local port of the ephemeral range, the kernel may choose that very port as ours, and the
 * socket connects to itself (TCP simultaneous open, RFC 9293 §3.5). That is a refusal, about once in 28,000 tries.
 */
function reachedItself(socket: Socket, port: number): boolean {
  return port >= 1_024 && socket.localPort === port && socket.localAddress === socket.remoteAddress;
}
