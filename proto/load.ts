/**
 * Reads a .proto file into the methods of its services: paths, and the functions between bytes and plain objects. Between
 * the contracts in this room's folders and whoever serves or dials them. Judges no message: what a peer may send is the
 * server's business.
 */
import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition, type PackageDefinition } from '@grpc/proto-loader';

/** By name of the rpc, as grpc-js takes it (`addService`, `makeGenericClientConstructor`). */
export type ServiceMethods = Readonly<Record<string, MethodDefinition<object, object>>>;

/**
 * Names are camelCase; a field that is absent has its default, a oneof names in its own property what is set; 64 bits
 * are numbers: what needs more than 53 of them is a time in nanoseconds, which is read to the millisecond.
 */
const options = {
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
} as const;

/** `file`: below this room, `monitoring/gateway.proto`; `service`: with its package. Throws when either is not there. */
export function loadMethods(file: string, service: string): ServiceMethods {
  const path = fileURLToPath(new URL(`./${file}`, import.meta.url));
  const loaded: PackageDefinition = loadSync(path, options);
  const found = loaded[service];
  if (found === undefined || 'type' in found) throw new Error(`${file} has no service ${service}`);
  return found as ServiceMethods;
}
