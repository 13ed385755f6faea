/**
 * The operators' door from outside: one link to a node with an operator's certificate, over which declared procedures
 * are called. No member of the cluster; used by the `picket` command.
 */
import type { Clock } from '../runtime/index.ts';
import { ClusterError } from './errors.ts';
import { isRouted } from './frame.ts';
import { Link } from './link.ts';
import { Procedures } from './procedures.ts';
import { actorCodec } from './router.ts';
import type { Connection, Transport } from './transport.ts';

export interface OperatorClient {
  /** The node at the other end. */
  readonly node: string;
  /** Rejects with a `ProcedureError` (the procedure's own code) or a `ClusterError`. */
  call(name: string, argument: unknown, timeoutMs?: number): Promise<unknown>;
  close(): Promise<void>;
}

/** Rejects with `node_down` (nothing there), or `refused` with the verdict of either side. */
export function connectOperator(
  transport: Transport,
  clock: Clock,
  address: string,
): Promise<OperatorClient> {
  const codec = actorCodec();
  const procedures = new Procedures(codec, clock);
  return new Promise((resolve, reject) => {
    const onConnection = (connection: Connection) => {
      const link = new Link({
        connection,
        dialled: true,
        numbers: { link: 0, lost: 0 },
        greeting: () => ({ boot: 1, pid: 0, address: '', knows: [] }),
        codec,
        clock,
        handlers: {
          up(up) {
            const { identity } = up.peer!;
            if (identity.kind !== 'node') {
              up.close('refused', 'not a node');
              return;
            }
            resolve({
              node: identity.name,
              call: (name, argument, timeoutMs) => procedures.call(link, name, argument, timeoutMs),
              async close() {
                link.close('leaving', 'done');
                await transport.close();
              },
            });
          },
          frame(from, frame) {
            if (!isRouted(frame)) procedures.receive(from, frame);
          },
          down(down, code, detail) {
            procedures.lost(down, `${code}: ${detail}`);
            reject(new ClusterError('refused', `${address}: ${code}: ${detail}`));
          },
        },
      });
      link.begin();
    };
    transport.dial(address, onConnection, ({ code, detail }) =>
      reject(new ClusterError('node_down', `${address}: ${code}: ${detail}`)),
    );
  });
}
