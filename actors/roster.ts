/**
 * The nodes of one role that can be given work now, as the registry shows them: each watched by a monitor, with what it
 * has of ours. A scheduler keeps one of pollers, a poller one of agents. Who is chosen is decided in dispatch.ts.
 */
import type { Cluster, NameEntry } from '../cluster/index.ts';
import { type Candidate, candidateOf } from './dispatch.ts';

/** What a roster asks of the actor that keeps it. */
export interface RosterKeeper {
  monitor(ref: NameEntry['ref']): number;
  demonitor(monitor: number): void;
}

interface Listed {
  readonly entry: NameEntry;
  readonly monitor: number;
  readonly candidate: Candidate & { load: number };
}

export class Roster {
  private readonly kind: string;
  private readonly tenants: readonly string[];
  private readonly listed = new Map<string, Listed>();

  /** `kind`: of the names that are listed (`poller`, `agent`); `tenants`: whose. */
  constructor(kind: string, tenants: readonly string[]) {
    this.kind = kind;
    this.tenants = tenants;
  }

  get size(): number {
    return this.listed.size;
  }

  candidates(): readonly Candidate[] {
    return Array.from(this.listed.values(), ({ candidate }) => candidate);
  }

  /** Whether the registry has more of them than are listed: one whose link was lost may be back. */
  isShort(cluster: Cluster): boolean {
    return this.names(cluster).length > this.listed.size;
  }

  addLoad(name: string, jobs: number): void {
    const one = this.listed.get(name);
    if (one !== undefined) one.candidate.load += jobs;
  }

  /**
   * Takes over what the registry shows. `gone` is called for each that is not there any more, also for one that came
   * back as another actor: what the former had is lost. It is called before the newcomer is listed.
   */
  refresh(keeper: RosterKeeper, cluster: Cluster, gone: (name: string) => void): void {
    const present = new Map(this.names(cluster).map((entry) => [entry.key.id, entry]));
    for (const [name, { entry }] of [...this.listed]) {
      if (present.get(name)?.ref.toString() !== entry.ref.toString() && this.drop(keeper, name)) gone(name);
    }
    for (const [name, entry] of present) {
      const known = this.listed.get(name);
      if (known !== undefined && known.entry.metadata === entry.metadata) continue;
      const candidate = candidateOf(name, entry.metadata, known?.candidate.load ?? 0);
      this.listed.set(name, { entry, monitor: known?.monitor ?? keeper.monitor(entry.ref), candidate });
    }
  }

  /** Whose monitor this is; null when it is none of ours. */
  monitored(monitor: number): string | null {
    for (const [name, one] of this.listed) if (one.monitor === monitor) return name;
    return null;
  }

  /** False when it was not listed. */
  drop(keeper: RosterKeeper, name: string): boolean {
    const one = this.listed.get(name);
    if (one === undefined) return false;
    keeper.demonitor(one.monitor);
    return this.listed.delete(name);
  }

  private names(cluster: Cluster): NameEntry[] {
    const entries = this.tenants.flatMap((tenant) => cluster.names.list({ tenant, kind: this.kind }));
    // By its key a node is found again, so one that goes by another's name is nobody.
    return entries.filter(({ key, node }) => key.id === node);
  }
}
