/** The contract of renewals, as plain objects: what the loader makes of `picket/edge/v1/renewal.proto`. */
import { loadMethods, type ServiceMethods } from './load.ts';

export const renewalMethods = (): ServiceMethods =>
  loadMethods('picket/edge/v1/renewal.proto', 'picket.edge.v1.Renewal');

export interface RenewRequest {
  certificateRequest: Uint8Array;
  proof: Uint8Array;
}

export interface RenewResponse {
  certificateChain: string;
}
