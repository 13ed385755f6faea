/** A node without a network, on a clock that stands still, and commands of the shell run on it as the session would. */
import { ClusterNode, type Transport } from '../../cluster/index.ts';
import { LogRing, manualClock } from '../../runtime/index.ts';
import type { ShellCall, ShellCommand } from '../command.ts';

const nowhere: Transport = {
  listen: async () => 'nowhere:1',
  dial: (_address, _onConnection, onFailure) => onFailure({ code: 'refused', detail: 'nobody' }),
  trustVersion: () => 0,
  credentialVersion: () => 0,
  close: async () => {},
};

export function loneNode() {
  const clock = manualClock();
  const log = new LogRing();
  const node = new ClusterNode({
    ...{ name: 'core_1', role: 'core', boot: 7, pid: 1, advertise: 'nowhere:1', seeds: [] },
    ...{ transport: nowhere, clock, log: () => {}, onSuperseded() {} },
    ...{ surroundings: { version: '1.2.3', log }, tenantAccess: { holds: [], doors: ['door'] } },
  });
  const call = (words: string, tenant: string | null, signal: AbortSignal): ShellCall => ({
    ...{ node, scope: { operator: 'ann', tenant }, words: words.split(' ').filter((word) => word !== '') },
    ...{ columns: 80, rows: 24, signal },
    async ask<T>(to: string, procedure: string, argument: unknown) {
      if (to !== node.node || tenant !== null) throw new Error(`asked ${procedure} of ${to}`);
      const identity = { ...{ kind: 'operator', trustDomain: 'test.local', name: 'ann' }, rights: ['write'] };
      return (await node.procedures.run(procedure, argument, { identity, address: '-' } as never)) as T;
    },
  });
  /** To its end; of a live command, for so long. */
  async function run(command: ShellCommand, words = '', tenant: string | null = null, forMs = 0) {
    const stop = new AbortController();
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of command.run(call(words, tenant, stop.signal))) pieces.push(piece);
    })();
    let failure: unknown = null;
    const ended = reading.catch((error: unknown) => {
      failure = error;
    });
    if (forMs > 0) {
      for (let ms = 0; ms < forMs; ms += 10) await clock.advance(10);
      stop.abort();
    }
    await clock.settle();
    await ended;
    if (failure !== null) throw failure;
    return { pieces, text: pieces.join('') };
  }
  return { clock, node, log, run };
}

/** Code and text of what a command was refused with. */
export async function refusal(running: Promise<unknown>): Promise<string> {
  return await running.then(
    () => 'it was not refused',
    (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
  );
}
