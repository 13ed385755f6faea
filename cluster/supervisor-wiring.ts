/**
 * Puts the supervisor into a node: its words onto the links and from them, its questions among the declared procedures.
 * Between node.ts and supervisor.ts; decides nothing.
 */
import { readWord, type Word, wordRow } from './children-wire.ts';
import type { Codec } from './codec.ts';
import { ClusterError } from './errors.ts';
import type { ControlFrame } from './frame.ts';
import { childrenListedMax, handoffBytesMax } from './limits.ts';
import type { Link } from './link.ts';
import type { Procedures } from './procedures.ts';
import { ClusterSupervisor, type SupervisorNeeds } from './supervisor.ts';

export interface WiringNeeds extends Omit<SupervisorNeeds, 'say' | 'ask'> {
  readonly codec: Codec;
  readonly procedures: Procedures;
  linkTo(node: string): Link | null;
  nodeLinks(): Iterable<Link>;
}

export function superviseOn(needs: WiringNeeds): ClusterSupervisor {
  const { codec, procedures } = needs;
  const say = (to: string | null, word: Word): boolean => {
    const payload = codec.encode(wordRow(word));
    // It goes before all messages: what is large would hold the heartbeats up.
    if (word.type === 'handover' && payload.length > handoffBytesMax)
      throw new ClusterError('cannot_encode', `a state of ${payload.length} bytes`, 'too_large');
    if (to !== null) return needs.linkTo(to)?.sendControl('supervisor', {}, payload) ?? false;
    for (const link of needs.nodeLinks()) link.sendControl('supervisor', {}, payload);
    return true;
  };
  const ask = (node: string, name: string, argument: unknown) => procedures.ask(node, name, argument);
  const supervisor = new ClusterSupervisor({ ...needs, say, ask });
  procedures.declare('children', {
    access: 'read',
    run: (query: { kind?: string } | null) =>
      supervisor.list(query?.kind ?? null).slice(0, childrenListedMax),
  });
  procedures.declare('explain_child', {
    access: 'read',
    run: ({ id }: { id: string }) => supervisor.explain(id),
  });
  procedures.declare('explain_child_here', {
    access: 'node',
    run: ({ id }: { id: string }) => supervisor.explainHere(id),
  });
  return supervisor;
}

/** A supervisor's frame of a node; false when its payload is none. What a later version says is let pass. */
export function hearWord(
  supervisor: ClusterSupervisor,
  codec: Codec,
  peer: string,
  frame: ControlFrame & { kind: 'supervisor' },
): boolean {
  const word = readWord(codec.decode(frame.payload));
  if (word !== null && typeof word !== 'string') supervisor.receive(peer, word);
  return word !== null;
}
