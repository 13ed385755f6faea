/**
 * Whether the bearer of a good certificate may come in: a core says what became of its package, and activates it the
 * first time. Those that were let in are remembered, so that they come back while no core answers; what is revoked
 * meanwhile, the revocation list tells.
 */
import type { TenantIdentity } from '../certs/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import { askCores, type CoreAsker } from './enrol-service.ts';
import { admittedBearersMax } from './listener-limits.ts';

/** What a core is asked of a bearer, and answers: the partition of its package, null where there is no package. */
export interface BearerQuestion {
  tenant: string;
  serial: string;
}

export interface BearerAnswer {
  partition: string | null;
}

export type Admitted =
  | { readonly partition: string | null }
  | { readonly code: string; readonly detail: string };

export class Admission {
  private readonly cores: CoreAsker;
  /** Partitions by serial, the latest last. */
  private readonly admitted = new Map<string, string | null>();

  constructor(cores: CoreAsker) {
    this.cores = cores;
  }

  async ask({ tenantId }: TenantIdentity, serial: string): Promise<Admitted> {
    try {
      const question: BearerQuestion = { tenant: tenantId, serial };
      const { partition } = await askCores<BearerAnswer>(this.cores, 'edge_bearer', question);
      this.remember(serial, partition);
      return { partition };
    } catch (error) {
      if (error instanceof ProcedureError && /^(package|tenant)_/.test(error.code)) {
        this.forget(serial);
        return { code: error.code, detail: error.message };
      }
      const known = this.admitted.get(serial);
      if (known !== undefined) return { partition: known };
      return { code: 'core_away', detail: 'no core answers this gateway now: try again' };
    }
  }

  forget(serial: string): void {
    this.admitted.delete(serial);
  }

  private remember(serial: string, partition: string | null): void {
    this.admitted.delete(serial);
    this.admitted.set(serial, partition);
    if (this.admitted.size > admittedBearersMax)
      this.admitted.delete(this.admitted.keys().next().value as string);
  }
}
