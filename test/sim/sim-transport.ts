/** The network as one process sees it: a `Transport` for its cluster node. Its papers are those of the host. */
import type { Connection, DialFailure, Transport } from '../../cluster/transport.ts';
import type { Process } from './event-loop.ts';
import type { Host, Network } from './network.ts';

export class SimTransport implements Transport {
  private readonly network: Network;
  private readonly host: Host;
  private readonly process: Process;

  constructor(network: Network, host: Host, owner: Process) {
    this.network = network;
    this.host = host;
    this.process = owner;
  }

  listen(onConnection: (connection: Connection) => void): Promise<string> {
    this.host.listener = { process: this.process, onConnection };
    this.host.dark = false;
    return Promise.resolve(this.host.address);
  }

  dial(
    address: string,
    onConnection: (connection: Connection) => void,
    onFailure: (failure: DialFailure) => void,
  ): void {
    this.network.dial(this.host, this.process, address, onConnection, onFailure);
  }

  trustVersion(): number {
    return this.host.papers.trustVersion;
  }

  credentialVersion(): number {
    return this.host.papers.credentialVersion;
  }

  close(): Promise<void> {
    if (this.host.listener?.process === this.process) this.host.listener = null;
    for (const end of [...this.host.ends]) if (end.process === this.process) end.close(false);
    return Promise.resolve();
  }
}
