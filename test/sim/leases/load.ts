/** What people do meanwhile: checks come and go, tenants are suspended and let go on. Through the tenants' own actors, as a door does. */
import type { TenantProtocol } from '../../../actors/messages.ts';
import type { NewCheck } from '../../../actors/ports/check.ts';
import { timerPart } from '../event-loop.ts';
import { editAheadMs, loadEveryMs } from './bounds.ts';
import type { World } from './world.ts';

const intervalsMs = [1_000, 1_000, 2_000, 3_000, 5_000];
const seldomMs = [10_000, 15_000, 30_000, 60_000];
const checksMax = 6;

function checkOf(world: World): NewCheck {
  const intervalMs = world.pick(world.hasDayOff ? seldomMs : intervalsMs);
  return {
    ...{ name: 'a check', kind: 'tcp', target: '8.8.8.8', port: 80, partition: 'default' },
    ...{ intervalMs, timeoutMs: 500, retries: 2, settings: {} },
  };
}

export function firstChecks(world: World): void {
  for (const id of world.tenants) {
    for (let count = 1 + world.below(world.tenants.length > 10 ? 1 : 3); count > 0; count -= 1)
      world.database.add(id, checkOf(world), world.database.server.nowMs());
  }
}

export class Load {
  isOn = true;
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  begin(): void {
    const { loop, random } = this.world;
    loop.put(random.next() * 2 * loadEveryMs, timerPart, null, () => {
      if (this.isOn) this.one();
      this.begin();
    });
  }

  private one(): void {
    const { world } = this;
    const tenantId = world.pick(world.tenants);
    const chance = world.random.next();
    if (chance < 0.35) this.ask(tenantId, (tenant) => tenant.addChecks([checkOf(world)]));
    else if (chance < 0.65) this.remove(tenantId);
    else if (chance < 0.8) this.turn(tenantId);
    else if (chance < 0.9) this.edit(tenantId);
    else this.restore(tenantId);
  }

  /** Another interval, or another name alone: by whoever has the check, or in the rows. */
  private edit(tenantId: string): void {
    const { world } = this;
    if (world.chance(0.5)) {
      this.editRows(tenantId);
      return;
    }
    const live = [...world.database.checksOf(tenantId).values()].filter((one) => one.archivedAtMs === null);
    if (live.length === 0) return;
    const edit = world.chance(0.7) ? { intervalMs: checkOf(world).intervalMs } : { name: 'another name' };
    const { id } = world.pick(live);
    this.ask(tenantId, (tenant) => tenant.editCheck(id, edit, 'somebody', null));
  }

  /** From a moment ahead, so that a tree that can read them has it in time. */
  private editRows(tenantId: string): void {
    const { world } = this;
    const { server } = world.database;
    const checks = world.database.checksOf(tenantId);
    const [check] = [...checks.values()]
      .filter((one) => one.archivedAtMs === null)
      .sort(() => world.random.next() - 0.5);
    const last = check?.schedule.at(-1);
    if (check === undefined || last === undefined || last.validToMs !== null || !server.isUp || server.isHung)
      return;
    const atMs = server.nowMs() + editAheadMs;
    const { intervalMs } = checkOf(world);
    world.database.edit(tenantId, check, { intervalMs }, atMs);
    world.say('WORLD', `${check.id} of ${tenantId} is due every ${intervalMs} ms from ${atMs}`);
    for (const { life } of world.cores()) {
      const ref = life!.process.system.whereis<TenantProtocol>(`tenant:${tenantId}`);
      if (ref !== null) life!.process.system.cast(ref).checksChanged();
    }
  }

  private remove(tenantId: string): void {
    const { world } = this;
    const live = [...world.database.checksOf(tenantId).values()].filter(
      ({ archivedAtMs }) => archivedAtMs === null,
    );
    if (live.length < 2) return;
    const { id } = world.pick(live);
    this.ask(tenantId, (tenant) => tenant.removeCheck(id, 'somebody', null));
  }

  private restore(tenantId: string): void {
    const { world } = this;
    const gone = [...world.database.checksOf(tenantId).values()].filter((one) => one.archivedAtMs !== null);
    if (gone.length === 0) return;
    const { id } = world.pick(gone);
    this.ask(tenantId, (tenant) => tenant.restoreCheck(id, 'somebody', null));
  }

  private ask(
    tenantId: string,
    what: (
      tenant: { [method in keyof TenantProtocol['call']]: TenantProtocol['call'][method] },
    ) => Promise<unknown>,
  ): void {
    const { world } = this;
    const live = [...world.database.checksOf(tenantId).values()].filter((one) => one.archivedAtMs === null);
    for (const { life } of world.cores()) {
      const { system, paused } = life!.process;
      const ref = system.whereis<TenantProtocol>(`tenant:${tenantId}`);
      if (ref === null || paused || live.length > checksMax) continue;
      void what(system.call(ref) as never).catch(() => {});
    }
  }

  /** Suspended, or active again: in its row, and told to one core now and then. */
  private turn(tenantId: string): void {
    const { world } = this;
    const row = world.database.tenantRows.get(tenantId)!;
    const status = row.status === 'active' ? 'suspended' : 'active';
    world.say('WORLD', `${tenantId} is ${status}`);
    world.database.tenantRows.set(tenantId, {
      ...row,
      status,
      statusAtMs: world.database.server.nowMs(),
    });
    for (const { life } of world.cores()) {
      const keeper = life!.core?.tree.tenants() ?? null;
      if (keeper !== null && world.chance(0.5)) life!.process.system.cast(keeper).refresh();
    }
  }

  /** Everybody goes on: what is looked at afterwards flows. */
  release(): void {
    for (const id of this.world.tenants)
      if (this.world.database.tenantRows.get(id)!.status === 'suspended') this.turn(id);
  }
}
