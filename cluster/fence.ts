/**
 * What a peer may send us, by what its certificate proves: one pure table, asked for every frame before anything of it
 * is decoded. Nodes of the platform speak the whole protocol; an operator's command calls declared procedures and is
 * no member; a tenant's node is refused (customers' networks get no cluster protocol by default).
 */
import type { PeerIdentity } from '../certs/index.ts';
import type { FrameKind } from './frame-layout.ts';

const operatorKinds: ReadonlySet<FrameKind> = new Set<FrameKind>([
  'procedure_call',
  'procedure_cancel',
  'close',
]);

export type FenceVerdict = { allowed: true } | { allowed: false; detail: string };

/** Whether the peer may have a link at all. */
export function judgePeer(identity: PeerIdentity): FenceVerdict {
  if (identity.kind !== 'tenant') return { allowed: true };
  return {
    allowed: false,
    detail: `a node of tenant ${identity.tenantId}: this cluster takes no tenant nodes`,
  };
}

export function judgeFrame(identity: PeerIdentity, kind: FrameKind): FenceVerdict {
  if (identity.kind === 'node') return { allowed: true };
  if (identity.kind === 'operator' && operatorKinds.has(kind)) return { allowed: true };
  return { allowed: false, detail: `${kind} from ${identity.kind}` };
}
