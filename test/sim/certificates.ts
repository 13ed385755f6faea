/**
 * The authority of a simulated cluster whose certificates are short: each node renews its own at about half their life, and
 * now and then one is revoked, is refused another for a while, and then gets one. Between the faults (who revoke), the
 * hosts' papers, and the checks.
 */
import { certificateLifeMs, certificateRenewMs, revocationTellMs, revokedForMs } from './bounds.ts';
import { timerPart } from './event-loop.ts';
import type { Begun } from './faults-lives.ts';
import type { Life } from './life.ts';
import { worldStartWallMs } from './process-clock.ts';
import type { Site, World } from './world.ts';

export interface Revocation {
  readonly site: Site;
  /** Who knows of it, since when. */
  readonly knownMs: Map<Site, number>;
}

export class Certificates {
  /** Of now: by the name of its node. */
  readonly revocations = new Map<string, Revocation>();
  private readonly world: World;
  private issued = 0;

  constructor(world: World) {
    this.world = world;
    for (const site of world.sites) this.issue(site);
    world.watches.push({ started: (life) => this.started(life) });
  }

  /** Null when there is nobody to spare. */
  revokeSomebody(): Begun | null {
    const { world } = this;
    const site = world.pick(world.sites);
    if (this.revocations.size > 0 || world.sites.length < 3) return null;
    const { serial } = site.host.papers.credential;
    const revocation: Revocation = { site, knownMs: new Map() };
    this.revocations.set(site.name, revocation);
    world.trace.say(world.loop.nowMs, 'WORLD', `${serial} of ${site.name} is revoked`);
    const told = world.disturb('revoked', site.name, null, revokedForMs);
    for (const one of world.sites) {
      const { papers } = one.host;
      const know = () => {
        if (papers.revoked.has(serial)) return;
        papers.revoked.add(serial);
        papers.trustVersion += 1;
        revocation.knownMs.set(one, world.loop.nowMs);
      };
      // A process that is stopped learns it when it goes on; one that starts reads it.
      if (one.life === null) know();
      else world.loop.put(world.random.next() * revocationTellMs, timerPart, one.life, know);
      world.loop.put(revocationTellMs, timerPart, null, () => one.life?.paused !== true && know());
    }
    return {
      forMs: revokedForMs,
      end: () => {
        told.toMs = world.loop.nowMs;
        this.revocations.delete(site.name);
        this.issue(site);
      },
    };
  }

  private started(life: Life): void {
    const { site, clock } = life;
    site.host.papers.wallMs = () => clock.wallMs();
    this.issue(site);
    this.renewLater(life);
  }

  private renewLater(life: Life): void {
    life.clock.timer(certificateRenewMs * (0.8 + 0.4 * this.world.random.next()), () => {
      this.issue(life.site);
      this.renewLater(life);
    });
  }

  /** Not to one that is revoked. */
  private issue({ name, host }: Site): void {
    if (this.revocations.has(name)) return;
    const { papers } = host;
    this.issued += 1;
    papers.credential = {
      identity: papers.credential.identity,
      serial: `${name}.${this.issued}`,
      notAfterMs: worldStartWallMs + this.world.loop.nowMs + certificateLifeMs,
    };
    papers.credentialVersion += 1;
    papers.trustVersion += 1;
  }
}
