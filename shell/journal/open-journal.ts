/**
 * The journal of a node with all that belongs to it: what sessions write to, what brings it to a core, and what is told of it.
 * Opens nothing until the first session: a node whose disk cannot be written runs on, and refuses sessions.
 */
import type { Clock, Log } from '../../runtime/index.ts';
import type { RecordKeeper } from '../ports/record-keeper.ts';
import type { SessionRecords } from '../ports/session-record.ts';
import { isFault, readEntry } from './entry.ts';
import { Forwarder } from './forwarder.ts';
import { Journal, type JournalPlace } from './journal.ts';
import { judgeFiles, linesOf } from './read-files.ts';
import { sessionRecords } from './records.ts';
import type { ChainFault, ChainNotice } from './verify.ts';

export interface JournalNeeds extends JournalPlace {
  readonly keeper: RecordKeeper;
  readonly clock: Clock;
  readonly log: Log;
}

/** Judged by the node itself, over all files that it has. */
export interface JournalVerdict {
  readonly node: string;
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly entries: number;
  /** The last entry; null: there is none. */
  readonly last: { readonly boot: number; readonly seq: number; readonly hash: string } | null;
  readonly fault: (ChainFault & { readonly file: string; readonly line: number }) | null;
  readonly notices: readonly ChainNotice[];
  /** Of the entry that was asked for; null: it is not there. */
  readonly hashAt: string | null;
  /** Why no core takes what is here; null: nothing keeps it. */
  readonly waiting: string | null;
}

export interface SessionJournal {
  readonly records: SessionRecords;
  /** `at`: an entry whose hash is to be told. One question at a time is worked on. */
  judge(at: { readonly boot: number; readonly seq: number } | null): Promise<JournalVerdict>;
  stop(): Promise<void>;
}

export function openSessionJournal(needs: JournalNeeds): SessionJournal {
  const journal = new Journal(needs);
  const forwarder = new Forwarder({ journal, keeper: needs.keeper, clock: needs.clock, log: needs.log });
  forwarder.start();
  let turn: Promise<unknown> = Promise.resolve();
  return {
    records: sessionRecords(journal, forwarder),
    judge(at) {
      const answer = turn.then(() => judge(journal, forwarder, at));
      turn = answer.catch(() => {});
      return answer;
    },
    async stop() {
      await journal.close();
      await forwarder.stop();
    },
  };
}

async function judge(
  journal: Journal,
  forwarder: Forwarder,
  at: { readonly boot: number; readonly seq: number } | null,
): Promise<JournalVerdict> {
  const files = await journal.files();
  const paths = files.map(({ name }) => journal.pathOf(name));
  const { fault, file, line, head, entries, notices } = await judgeFiles(paths);
  const { node, folder } = journal.place;
  return {
    node,
    folder,
    files: files.length,
    bytes: files.reduce((sum, one) => sum + one.bytes, 0),
    entries,
    last: head,
    fault: fault === null || file === null ? null : { ...fault, file, line },
    notices,
    hashAt: at === null ? null : await hashOf(paths, at),
    waiting: forwarder.failure,
  };
}

async function hashOf(
  paths: readonly string[],
  at: { readonly boot: number; readonly seq: number },
): Promise<string | null> {
  for (const path of paths) {
    for await (const { text, isWhole } of linesOf(path)) {
      const read = text === null || !isWhole ? null : readEntry(text);
      if (read === null || isFault(read)) continue;
      if (read.entry.boot === at.boot && read.entry.seq === at.seq) return read.hash;
    }
  }
  return null;
}
