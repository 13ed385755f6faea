/**
 * What operators ask a core about the record of sessions: which there were, what was done in one, and the chains of all nodes,
 * page by page, so that whoever asks can judge them. For operators of the platform alone.
 */
import { type Caller, type ClusterNode, ProcedureError } from '../cluster/index.ts';
import { declareKeeping, type SessionArchive } from '../shell/index.ts';
import { auditPageLines, sessionsListedMax } from './limits.ts';
import { nameOf } from './procedure-answers.ts';
import { requirePlatform } from './roles/session-journal.ts';

export interface SessionsAsked {
  operator: string | null;
  node: string | null;
  sinceMs: number | null;
  limit: number;
}

export interface LinesAsked {
  /** One of the two. */
  session: string | null;
  node: string | null;
  after: { boot: number; seq: number };
}

export function declareAudit(node: ClusterNode, archive: SessionArchive): void {
  declareKeeping(node, archive);
  const declare = <A>(name: string, access: 'read' | 'write', run: (asked: A, caller: Caller) => unknown) =>
    node.declare(name, {
      access,
      run: (asked: A, caller) => {
        requirePlatform(caller);
        return run(asked, caller);
      },
    });
  declare('audit_sessions', 'read', (asked: SessionsAsked) => archive.sessions(judgeSessions(asked)));
  declare('audit_lines', 'read', (asked: LinesAsked) => {
    const { of, after } = judgeLines(asked);
    return archive.lines(of, after, auditPageLines);
  });
  declare('audit_chains', 'read', () => archive.chains());
  declare('audit_prune', 'write', ({ days }: { days: number }, caller) =>
    archive.prune(whole(days, 'days'), nameOf(caller)),
  );
}

function judgeSessions({ operator, node, sinceMs, limit }: SessionsAsked): SessionsAsked {
  for (const one of [operator, node])
    if (one !== null && typeof one !== 'string') throw bad('an operator and a node are names');
  if (sinceMs !== null) whole(sinceMs, 'an instant');
  if (whole(limit, 'a number of sessions') < 1 || limit > sessionsListedMax)
    throw bad(`a list shows 1 to ${sessionsListedMax} sessions`);
  return { operator, node, sinceMs, limit };
}

function judgeLines({ session, node, after }: LinesAsked) {
  const place = { boot: whole(after?.boot, 'a boot'), seq: whole(after?.seq, 'a sequence') };
  if (typeof session === 'string') return { of: { session }, after: place };
  if (typeof node === 'string') return { of: { node }, after: place };
  throw bad('neither a session nor a node was named');
}

function whole(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw bad(`${what} is a whole number`);
  return value as number;
}

function bad(detail: string): ProcedureError {
  return new ProcedureError('bad_argument', detail);
}
