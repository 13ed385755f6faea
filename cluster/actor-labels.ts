/**
 * Whose an actor of this node is: the tenant under whose key it was registered. The smallest label that there can be:
 * no actor that has no name carries one, and an actor without a label is the platform's. Between the directory (which
 * names actors) and the fence (which asks). Children inherit nothing: they are reached when their ref is sent.
 */
import { platformTenant } from './names.ts';

interface Label {
  /** Null for ever once it was named under two tenants: then it is nobody's but the platform's. */
  tenant: string | null;
  isDoor: boolean;
}

export class ActorLabels {
  private readonly doors: ReadonlySet<string>;
  private readonly labels = new Map<number, Label>();
  /** So that whoever sees one tenant's actors alone does not pass, nor wait for, the others'. */
  private readonly byTenant = new Map<string, Set<number>>();

  /** `doors`: kinds of names whose holders a tenant's nodes may address. */
  constructor(doors: readonly string[]) {
    this.doors = new Set(doors);
  }

  get size(): number {
    return this.labels.size;
  }

  /** It keeps its label when it gives the name up: until it ends, whoever knew it may still write to it. */
  named(id: number, tenant: string, kind: string): void {
    const owner = tenant === platformTenant ? null : tenant;
    const label = this.labels.get(id);
    if (label === undefined) {
      this.labels.set(id, { tenant: owner, isDoor: this.doors.has(kind) });
      this.take(id, owner);
    } else if (label.tenant !== owner) {
      this.letGo(id, label.tenant);
      label.tenant = null;
    } else label.isDoor ||= this.doors.has(kind);
  }

  has(id: number): boolean {
    return this.labels.has(id);
  }

  ended(id: number): void {
    const label = this.labels.get(id);
    if (label === undefined) return;
    this.labels.delete(id);
    this.letGo(id, label.tenant);
  }

  /** In the order in which they were named. May be walked while they change. */
  idsOf(tenant: string): Iterable<number> {
    return this.byTenant.get(tenant) ?? [];
  }

  private take(id: number, tenant: string | null): void {
    if (tenant === null) return;
    const ids = this.byTenant.get(tenant);
    if (ids === undefined) this.byTenant.set(tenant, new Set([id]));
    else ids.add(id);
  }

  private letGo(id: number, tenant: string | null): void {
    const ids = tenant === null ? undefined : this.byTenant.get(tenant);
    ids?.delete(id);
    if (ids?.size === 0) this.byTenant.delete(tenant!);
  }

  tenantOf(id: number): string | null {
    return this.labels.get(id)?.tenant ?? null;
  }

  /** Whether who holds a name of that kind may be addressed by its tenant. */
  isDoorKind(kind: string): boolean {
    return this.doors.has(kind);
  }

  isDoorOf(id: number, tenant: string): boolean {
    const label = this.labels.get(id);
    return label !== undefined && label.tenant === tenant && label.isDoor;
  }
}
