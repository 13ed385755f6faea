/** The contract of `picket.edge.v1.Sources`, as plain objects: what the loader makes of `picket/edge/v1/sources.proto`. */
import { loadMethods, type ServiceMethods } from './load.ts';

export const sourceMethods = (): ServiceMethods =>
  loadMethods('picket/edge/v1/sources.proto', 'picket.edge.v1.Sources');

export interface SourceTake {
  run: string;
  from: number;
}

export interface SourceGiven {
  settingsJson: Uint8Array;
  credentials: string;
  acceptEmpty: boolean;
  knownIds: string[];
  knownTotal: number;
}
