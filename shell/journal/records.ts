/**
 * The record of sessions on one node: the port that a session writes to, over the journal and the way to a core. Bounds what
 * is kept of the output of a line; knows nothing of what is done in a session.
 */
import type { SessionEvent, SessionRecord, SessionRecords } from '../ports/session-record.ts';
import { RecordedError } from './errors.ts';
import type { Forwarder } from './forwarder.ts';
import type { Journal } from './journal.ts';
import {
  lineCharactersMax,
  nameCharactersMax,
  outputKeptCharactersMax,
  outputPieceCharactersMax,
} from './limits.ts';

/** Nothing waits for the disk on its account: the next line does, and takes it along. */
const unsynced: ReadonlySet<SessionEvent['type']> = new Set([
  'output',
  'output_cut',
  'lines_refused',
  'resized',
]);

export function sessionRecords(journal: Journal, forwarder: Forwarder): SessionRecords {
  return {
    // Nothing is written for a session of which nothing is known yet.
    open: async (id) => new JournalRecord(id, journal, forwarder),
  };
}

class JournalRecord implements SessionRecord {
  private readonly id: string;
  private readonly journal: Journal;
  private readonly forwarder: Forwarder;
  /** By run: characters that were kept, and that were not. */
  private readonly outputs = new Map<number, { kept: number; cut: number }>();
  private isClosed = false;

  constructor(id: string, journal: Journal, forwarder: Forwarder) {
    this.id = id;
    this.journal = journal;
    this.forwarder = forwarder;
  }

  async write(event: SessionEvent, atMs: number): Promise<void> {
    if (this.isClosed) throw new RecordedError('record_failed', 'the session is closed');
    switch (event.type) {
      case 'output':
        return await this.output(event.run, event.text, atMs);
      case 'output_cut':
        this.outputOf(event.run).cut += event.characters;
        return;
      case 'line': {
        if (event.text.length > lineCharactersMax) {
          const why = `a line of ${event.text.length} characters: ${lineCharactersMax} at most are written down`;
          throw new RecordedError('record_failed', why);
        }
        const head = await this.append(event, atMs);
        if (event.access !== 'read') await this.forwarder.whenKept(head);
        return;
      }
      case 'ended': {
        const { cut = 0 } = this.outputs.get(event.run) ?? {};
        this.outputs.delete(event.run);
        if (cut > 0)
          void this.append({ type: 'output_cut', run: event.run, characters: cut }, atMs).catch(ignored);
        break;
      }
      case 'closed':
        this.isClosed = true;
    }
    await this.append(shortened(event), atMs);
  }

  end(): Promise<void> {
    this.isClosed = true;
    this.outputs.clear();
    return Promise.resolve();
  }

  private append(event: SessionEvent, atMs: number) {
    return this.journal.append({ session: this.id, event, atMs, sync: !unsynced.has(event.type) });
  }

  private outputOf(run: number) {
    const known = this.outputs.get(run) ?? { kept: 0, cut: 0 };
    this.outputs.set(run, known);
    return known;
  }

  private async output(run: number, text: string, atMs: number): Promise<void> {
    const count = this.outputOf(run);
    const kept = text.slice(0, Math.max(0, outputKeptCharactersMax - count.kept));
    count.kept += kept.length;
    count.cut += text.length - kept.length;
    const pieces: Promise<unknown>[] = [];
    for (let at = 0; at < kept.length; at += outputPieceCharactersMax) {
      const piece = kept.slice(at, at + outputPieceCharactersMax);
      pieces.push(this.append({ type: 'output', run, text: piece }, atMs));
    }
    await Promise.all(pieces);
  }
}

/** Told when the entry behind it is written: both are in one batch. */
function ignored(): void {}

/** Names are what certificates and addresses hold; one that is longer is cut, so that an entry stays one. */
function shortened(event: SessionEvent): SessionEvent {
  const cut = ([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? value.slice(0, nameCharactersMax) : value,
  ];
  return Object.fromEntries(Object.entries(event).map(cut)) as unknown as SessionEvent;
}
