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
    if (label === undefined) this.labels.set(id, { tenant: owner, isDoor: this.doors.has(kind) });
    else if (label.tenant !== owner) label.tenant = null;
    else label.isDoor ||= this.doors.has(kind);
  }

  has(id: number): boolean {
    return this.labels.has(id);
  }

  ended(id: number): void {
    this.labels.delete(id);
  }

  tenantOf(id: number): string | null {
    return this.labels.get(id)?.tenant ?? null;
  }

  isDoorOf(id: number, tenant: string): boolean {
    const label = this.labels.get(id);
    return label !== undefined && label.tenant === tenant && label.isDoor;
  }
}
