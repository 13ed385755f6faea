/**
 * Certificates of older installations at the gateway: a leaf of their shape names a tenant, a core says which authorities that tenant
 * has, and by those alone it is judged. So an authority reaches one tenant, however many there are. Between the listener and the cores.
 */
import {
  claimedTenant,
  type OlderTenantAuthority,
  type PeerPolicy,
  readImportedAuthority,
} from '../certs/index.ts';
import { askCores, type CoreAsker } from './enrol-service.ts';
import { claimsKeptMax, importedKeptMs } from './listener-limits.ts';

/** What a core is asked by the slug that a certificate names, and answers: of no such tenant, none. */
export interface AuthoritiesQuestion {
  slug: string;
}

export interface AuthoritiesAnswer {
  /** Null: no living tenant has this slug. */
  tenantId: string | null;
  authorities: { slug: string; trustDomain: string; certificatesPem: string }[];
}

interface Known {
  readonly untilMs: number;
  readonly tenantId: string | null;
  readonly policy: PeerPolicy;
}

export interface ImportedTrustNeeds {
  readonly cores: CoreAsker;
  readonly clock: { monotonicMs(): number };
  readonly log: (level: 'warn', message: string, fields: Record<string, unknown>) => void;
}

const none: PeerPolicy = { foreign: [], older: [] };

export class ImportedTrust {
  private readonly needs: ImportedTrustNeeds;
  /** By slug, the latest last. */
  private readonly known = new Map<string, Known>();

  constructor(needs: ImportedTrustNeeds) {
    this.needs = needs;
  }

  /** The policy for this chain; null: it is none of an older installation. Of a tenant that imported nothing it trusts nobody. */
  async policyFor(chain: readonly Uint8Array[]): Promise<PeerPolicy | null> {
    const claim = claimedTenant(chain);
    if (claim === null) return null;
    const { slug } = claim;
    const nowMs = this.needs.clock.monotonicMs();
    const before = this.known.get(slug);
    if (before !== undefined && before.untilMs > nowMs) return before.policy;
    try {
      const answer = await askCores<AuthoritiesAnswer>(this.needs.cores, 'edge_authorities', { slug });
      const { tenantId } = answer;
      const policy = { foreign: [], older: tenantId === null ? [] : authoritiesOf(tenantId, answer) };
      this.keep(slug, { untilMs: nowMs + importedKeptMs, tenantId, policy });
      return policy;
    } catch (error) {
      // While no core answers, what was known stays: who is connected comes back.
      this.needs.log('warn', 'no core says which authorities were imported', { slug, error: String(error) });
      return before?.policy ?? none;
    }
  }

  /** The tenant's authorities are other ones: the next question goes to a core. */
  changed(tenantId: string): void {
    for (const [slug, known] of this.known)
      if (known.tenantId === tenantId || known.tenantId === null) this.known.delete(slug);
  }

  private keep(slug: string, known: Known): void {
    this.known.delete(slug);
    this.known.set(slug, known);
    if (this.known.size > claimsKeptMax) this.known.delete(this.known.keys().next().value as string);
  }
}

function authoritiesOf(tenantId: string, { authorities }: AuthoritiesAnswer): OlderTenantAuthority[] {
  return authorities.flatMap((one) => readImportedAuthority({ tenantId, ...one }) ?? []);
}
