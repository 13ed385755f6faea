/**
 * Certificates that live for seconds, renewed over and over while every node calls every other; then one is revoked, and
 * one is let run out. Measures when the peers have let go of them. Between rotation-world.ts, which has the nodes, and
 * whoever runs it: the soak by the machine's time, the tests by a clock that is set forward.
 */
import { readFile } from 'node:fs/promises';
import { credentialPath, revoke } from '../../certs/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { awaitLookMs, awaitMsMax, settledMs } from './bounds.ts';
import { callsBetween } from './rotation-load.ts';
import { type LinkEnd, nodeNames, type RotationWorld, rotationWorld } from './rotation-world.ts';

export interface RotationOrder {
  /** An empty folder. */
  readonly data: string;
  readonly rotations: number;
  readonly lifetimeMs: number;
  /** How long a call may take before it counts as failed. */
  readonly callMsMax: number;
  readonly clock: Clock;
  /** Lets this much time pass by the wall clock. */
  pass(ms: number): Promise<void>;
  say(text: string): void;
}

export interface RotationFigures {
  readonly rotations: number;
  readonly renewalsTaken: number;
  readonly calls: number;
  readonly failedCalls: readonly string[];
  /** Links that ended while certificates rotated. */
  readonly linksLost: readonly string[];
  /** From the command that revokes until the last peer has ended its link, and until none has it as a member. */
  readonly revokedOutMs: number;
  readonly revokedDownMs: number;
  /** From the end of the certificate until the last peer has ended its link. */
  readonly expiredOutMs: number;
}

const revokedName = 'agent_2';
const expiredName = 'agent_1';
const others = nodeNames.filter((name) => name !== revokedName && name !== expiredName);

export async function rotations(order: RotationOrder): Promise<RotationFigures> {
  const { clock, say, lifetimeMs } = order;
  const world = await rotationWorld(order.data, lifetimeMs, clock);
  try {
    await until(clock, 'everyone is up at everyone, by one link each', () =>
      world.nodes.every(
        ({ node, lastEndMs }) =>
          node.members.list().filter(({ status }) => status === 'up').length === nodeNames.length &&
          clock.monotonicMs() - lastEndMs > settledMs,
      ),
    );
    const load = callsBetween(world.nodes, clock, order.callMsMax);
    for (let one = 1; one <= order.rotations; one += 1) {
      await renew(world, nodeNames, nodeNames, clock);
      await order.pass(lifetimeMs / 2);
      if (one % 10 === 0)
        say(
          `rotation ${one}: ${load.calls()} calls, ${load.failures.length} failed, ${world.ends.length} links lost`,
        );
    }
    const linksLost = world.ends.map(({ at, peer, why }) => `${at} to ${peer}: ${why}`);
    await renew(world, nodeNames, nodeNames, clock);
    await load.leave(revokedName);
    const revoked = await revokeOne(world, clock);
    await load.leave(expiredName);
    const expiredOutMs = await expireOne(world, order);
    await load.stop();
    const renewalsTaken = world.nodes.reduce((sum, one) => sum + one.renewalsTaken, 0);
    const counted = { rotations: order.rotations, renewalsTaken, calls: load.calls() };
    return { ...counted, failedCalls: load.failures, linksLost, ...revoked, expiredOutMs };
  } finally {
    await world.stop();
  }
}

/** New credentials for `names`; resolves when each of `among` has taken the proof of every other of them. */
async function renew(
  world: RotationWorld,
  names: readonly string[],
  among: readonly string[],
  clock: Clock,
): Promise<void> {
  const before = new Map(world.nodes.map((one) => [one.name, one.renewalsTaken]));
  await world.issue(names);
  const wanted = (name: string) => before.get(name)! + names.filter((one) => one !== name).length;
  await until(clock, 'the new certificates are proven on every link', () =>
    world.nodes.every(({ name, renewalsTaken }) => !among.includes(name) || renewalsTaken >= wanted(name)),
  );
}

async function revokeOne(world: RotationWorld, clock: Clock) {
  world.ends.length = 0;
  const peers = world.nodes.filter(({ name }) => name !== revokedName);
  const pem = await readFile(credentialPath(world.folder.credentials, revokedName), 'utf8');
  const startMs = clock.monotonicMs();
  await revoke(world.folder.authority, { pem }, clock);
  const ends = await endsOf(
    world,
    revokedName,
    peers.map(({ name }) => name),
    'revoked',
    clock,
  );
  const isMember = ({ node }: (typeof peers)[number]) => node.members.live('agent').includes(revokedName);
  await until(clock, 'no peer has the revoked one as a member', () => !peers.some(isMember));
  const revokedDownMs = clock.monotonicMs() - startMs;
  return { revokedOutMs: Math.max(...ends.map((end) => end.monotonicMs)) - startMs, revokedDownMs };
}

/** Everybody else gets another certificate in time. */
async function expireOne(world: RotationWorld, order: RotationOrder): Promise<number> {
  const { clock, lifetimeMs } = order;
  const living = [...others, expiredName];
  await renew(world, living, living, clock);
  const endMs = world.notAfterMs(expiredName);
  await order.pass(lifetimeMs / 2);
  await renew(world, others, others, clock);
  world.ends.length = 0;
  await order.pass(endMs - clock.wallMs());
  const ends = await endsOf(world, expiredName, others, 'expired', clock);
  return Math.max(...ends.map((end) => end.wallMs)) - endMs;
}

/** The end of the link to `peer` at each of `at`, with the code of our own verdict. */
async function endsOf(
  world: RotationWorld,
  peer: string,
  at: readonly string[],
  code: string,
  clock: Clock,
): Promise<LinkEnd[]> {
  const found = () =>
    at.flatMap(
      (name) =>
        world.ends.find((end) => end.at === name && end.peer === peer && end.why.includes(code)) ?? [],
    );
  await until(clock, `every peer ends its link to ${peer}: ${code}`, () => found().length === at.length);
  return found();
}

async function until(clock: Clock, what: string, seen: () => boolean): Promise<void> {
  const giveUpMs = clock.monotonicMs() + awaitMsMax;
  while (!seen()) {
    if (clock.monotonicMs() > giveUpMs) throw new Error(`not within ${awaitMsMax} ms: ${what}`);
    await new Promise<void>((resolve) => void clock.timer(awaitLookMs, resolve));
  }
}
