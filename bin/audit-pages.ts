/** What the commands about the record of sessions share: their flags, and how lines come from a core page by page. */
import type { Command } from 'commander';
import type { Entry } from '../shell/index.ts';
import type { LinesAsked } from './audit-procedures.ts';
import { entryOf } from './audit-views.ts';
import { dataOption } from './commands/node.ts';
import type { Surroundings } from './commands/up.ts';
import { CommandFailure } from './failure.ts';
import type { OperatorSession } from './operator-session.ts';

/** What each of them takes, and its examples. */
export function auditCommand(command: Command, { environment }: Surroundings, examples: string): Command {
  return command.addOption(dataOption(environment)).addHelpText('after', `\n${examples}`);
}

/** Every entry of it, in order. Fails with `no_such_session`. */
export async function readSession(session: OperatorSession, id: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const lines of pages(session, { session: id, node: null }, { boot: 0, seq: 0 })) {
    for (const line of lines) {
      const entry = entryOf(line);
      if (entry === null)
        throw new CommandFailure(
          'record_altered',
          'an entry of this session was altered: see picket audit verify',
        );
      entries.push(entry);
    }
  }
  if (entries.length === 0)
    throw new CommandFailure('no_such_session', `there is no session "${id}": see picket audit sessions`);
  return entries;
}

/** Lines behind a place, page by page; what is no entry ends them, after it was told. */
export async function* pages(
  session: OperatorSession,
  of: Pick<LinesAsked, 'session' | 'node'>,
  after: LinesAsked['after'],
): AsyncGenerator<string[]> {
  for (let place = after; ; ) {
    const lines = await session.call<string[]>('audit_lines', { ...of, after: place } satisfies LinesAsked);
    if (lines.length === 0) return;
    yield lines;
    const last = entryOf(lines.at(-1)!);
    if (last === null) return;
    place = { boot: last.boot, seq: last.seq };
  }
}
