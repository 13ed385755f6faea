/** The contract `picket.edge.v1`, as plain objects: what the loader makes of `picket/edge/v1/enrollment.proto`. */
import { loadMethods, type ServiceMethods } from './load.ts';

export const enrollmentMethods = (): ServiceMethods =>
  loadMethods('picket/edge/v1/enrollment.proto', 'picket.edge.v1.Enrollment');

export interface EnrollRequest {
  token: string;
  certificateRequest: Uint8Array;
}

export interface EnrollResponse {
  certificateChain: string;
  identity: string;
  packageId: string;
  partition: string;
}
