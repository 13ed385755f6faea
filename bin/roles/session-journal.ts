/**
 * The journal of remote shells on a node of any role: where it lies, who has the other copy, and what may be asked of it. On a
 * node that has the database that is it; any other brings its entries to a core.
 */
import { resolve } from 'node:path';
import { type Caller, ProcedureError } from '../../cluster/index.ts';
import {
  coreKeeper,
  openSessionJournal,
  type SessionArchive,
  type SessionJournal,
  storeKeeper,
} from '../../shell/index.ts';
import { dataFolder } from '../data-folder.ts';
import type { RoleContext } from './role.ts';

/** `archive`: null on a node that has no database. */
export function sessionJournal(context: RoleContext, archive: SessionArchive | null): SessionJournal {
  const { node, flags, clock, log } = context;
  const folder = flags.journal === undefined ? journalOf(flags.data, node.node) : resolve(flags.journal);
  const keeper = archive === null ? coreKeeper(node) : storeKeeper(archive, node.node);
  const journal = openSessionJournal({ folder, node: node.node, boot: node.boot, keeper, clock, log });
  node.declare('session_journal', {
    access: 'read',
    run: ({ at = null }: { at?: { boot: number; seq: number } | null }, caller) => {
      requirePlatform(caller);
      return journal.judge(at);
    },
  });
  return journal;
}

/** In the data folder, for each node of it. */
export function journalOf(data: string, node: string): string {
  return dataFolder(data).at(`journal/${node}`);
}

/** What operators did is told to those of the platform alone. */
export function requirePlatform({ identity }: Caller): void {
  const isPlatform =
    identity.kind === 'node' ||
    (identity.kind === 'operator' && !identity.rights.some((right) => right.includes(':')));
  if (!isPlatform)
    throw new ProcedureError('procedure_denied', 'the record of sessions is for operators of the platform');
}
