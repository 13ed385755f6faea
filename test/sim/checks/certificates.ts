/**
 * Certificates, in the histories that have short ones: who is revoked is out on every node in time and does not come back,
 * no link outlives the certificate of its peer, and one that is renewed in time loses no link.
 */
import { linkLookMs } from '../../../cluster/limits.ts';
import { certificateLifeMs, excuseMs, revokedForMs, revokedLinkMs, revokedOutMs } from '../bounds.ts';
import { connectionOf, insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const certificates: Check = {
  name: 'certificates',
  begin(world) {
    if (world.certificates === null) return;
    world.watches.push({
      linkUp(life, peer) {
        const knownMs = knownSinceMs(world, life, peer);
        if (knownMs !== null && world.loop.nowMs - knownMs > revokedLinkMs)
          world.fail(`${life.name} has a link to ${peer}, which was revoked`);
      },
      linkLost(life, peer, reason) {
        if (reason.includes('expired') && wasCalm(world, life.name, peer))
          world.fail(`${life.name} lost its link to ${peer}, whose certificate was renewed: ${reason}`);
      },
    });
  },
  always(world) {
    if (world.certificates === null) return;
    for (const life of world.living()) {
      if (life.paused || life.resumedAtMs > world.loop.nowMs - excuseMs) continue;
      judgeRevoked(world, life);
      judgeExpired(world, life);
    }
  },
};

/** Null: not revoked, or not told yet. */
function knownSinceMs(world: World, life: Life, peer: string): number | null {
  const revocation = world.certificates!.revocations.get(peer);
  return revocation === undefined || revocation.site === life.site
    ? null
    : (revocation.knownMs.get(life.site) ?? null);
}

/** Somebody who learns it later may have vouched for it until then. */
function judgeRevoked(world: World, life: Life): void {
  for (const [name, { knownMs }] of world.certificates!.revocations) {
    const others = world.living().filter((one) => one.name !== name);
    if (life.name === name || !others.every(({ site }) => knownMs.has(site))) continue;
    const sinceMs = Math.max(
      ...others.map(({ site, startedAtMs }) => Math.max(knownMs.get(site)!, startedAtMs)),
    );
    if (world.loop.nowMs - sinceMs <= revokedOutMs || others.some(({ paused }) => paused)) continue;
    const { status } = life.node.members.list().find((one) => one.name === name) ?? { status: 'down' };
    if (insidesOf(life.node).mesh.links.has(name))
      world.fail(`${life.name} is linked to ${name}, which is revoked`);
    if (status === 'up' || status === 'suspect')
      world.fail(`${life.name} says that ${name} is ${status}, which was revoked ${revokedOutMs} ms ago`);
  }
}

function judgeExpired(world: World, life: Life): void {
  const nowMs = life.clock.wallMs();
  for (const link of insidesOf(life.node).mesh.open.keys()) {
    const { peer, address } = connectionOf(link);
    if (!peer.ok) world.fail(`${life.name} keeps a link to ${address}, whose peer is refused: ${peer.code}`);
    else if (nowMs - peer.notAfterMs > 2 * linkLookMs + certificateSlackMs)
      world.fail(`${life.name} keeps a link to ${address}, whose certificate has ended`);
  }
}

/** The clock may jump by so much between two looks. */
const certificateSlackMs = 2_000;

/** Nothing kept either from proving what it was given, nor from getting it. */
function wasCalm(world: World, a: string, b: string): boolean {
  const sinceMs = world.loop.nowMs - certificateLifeMs - revokedForMs;
  const touched = world.disturbances.some(
    (one) => one.toMs > sinceMs && [a, b].some((name) => one.a === name || one.b === name),
  );
  return (
    !touched && world.living().every((life) => ![a, b].includes(life.name) || life.startedAtMs < sinceMs)
  );
}
