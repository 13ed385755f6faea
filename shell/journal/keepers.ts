/**
 * The two ways to the other copy of a journal: into the database from a node that has it, and from any other to a core, which
 * declares for nodes alone what it takes. Between the forwarder and `SessionArchive`.
 */
import { type ClusterNode, ProcedureError } from '../../cluster/index.ts';
import type { RecordKeeper } from '../ports/record-keeper.ts';
import type { SessionArchive } from '../ports/session-archive.ts';
import { RecordedError } from './errors.ts';
import { forwardTimeoutMs } from './limits.ts';
import { judgeBoots, judgeReceived } from './received.ts';

/** Of a node that has the database. */
export function storeKeeper(archive: SessionArchive, node: string): RecordKeeper {
  return {
    heads: (boots) => archive.heads(node, boots),
    keep: (lines) => archive.keep(judgeReceived(lines, node)),
  };
}

/** Of any other node: the core that coordinates, or else any that is up. */
export function coreKeeper(node: ClusterNode): RecordKeeper {
  const ask = async <T>(name: string, argument: unknown): Promise<T> => {
    let last: unknown = new RecordedError('record_unreachable', 'no core is up');
    for (const core of coresOf(node)) {
      try {
        return (await node.procedures.ask(core, name, argument, forwardTimeoutMs)) as T;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === 'record_forked' || code === 'record_malformed') throw error;
        last = error;
      }
    }
    throw last;
  };
  return {
    heads: (boots) => ask('session_record_heads', { boots }),
    keep: (lines) => ask('session_record_keep', { lines }),
  };
}

function coresOf(node: ClusterNode): string[] {
  const cores = node.members.live('core');
  const first = node.coordinator().node;
  return first !== null && cores.includes(first) ? [first, ...cores.filter((one) => one !== first)] : cores;
}

/** On a core: takes what nodes send of their own journals. */
export function declareKeeping(node: ClusterNode, archive: SessionArchive): void {
  node.declare('session_record_heads', {
    access: 'node',
    run: ({ boots }: { boots: unknown }, { identity }) => archive.heads(nameOf(identity), judgeBoots(boots)),
  });
  node.declare('session_record_keep', {
    access: 'node',
    run: ({ lines }: { lines: unknown }, { identity }) =>
      archive.keep(judgeReceived(lines, nameOf(identity))),
  });
}

/** By its certificate: nobody writes into the journal of another. */
function nameOf(identity: { kind: string; name?: string }): string {
  if (identity.kind !== 'node' || identity.name === undefined)
    throw new ProcedureError('procedure_denied', 'the record of sessions is kept for nodes of the platform');
  return identity.name;
}
