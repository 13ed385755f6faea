/** What the gateway's port serves: methods of a contract, and the handlers that another file gives it. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ServiceMethods } from '../proto/index.ts';

export interface ServedContract {
  readonly methods: ServiceMethods;
  readonly handlers: UntypedServiceImplementation;
}
