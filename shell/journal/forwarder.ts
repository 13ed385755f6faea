/**
 * Brings what the journal of this node holds to a core, in order, and again from where the core has come to after every
 * failure: between the files and whoever keeps the other copy. What a core has already does it no harm to get twice, so
 * each entry is there once. Holds one batch in memory, however much waits.
 */
import { type Clock, type Log, messageOf } from '../../runtime/index.ts';
import type { RecordKeeper } from '../ports/record-keeper.ts';
import { type ChainHead, isFault, readEntry } from './entry.ts';
import { RecordedError } from './errors.ts';
import type { JournalFile } from './file-names.ts';
import type { Journal } from './journal.ts';
import {
  forwardedBytesMax,
  forwardedLinesMax,
  forwardRetryMinMs,
  forwardRetryMs,
  lineKeptWaitMs,
  refusedKeptMax,
} from './limits.ts';
import { linesOf } from './read-files.ts';

export interface ForwarderNeeds {
  readonly journal: Journal;
  readonly keeper: RecordKeeper;
  readonly clock: Clock;
  readonly log: Log;
}

interface Waiter {
  readonly boot: number;
  readonly seq: number;
  resolve(): void;
  reject(error: Error): void;
}

interface Batch {
  readonly lines: string[];
  /** Of the last of them. */
  boot: number;
  seq: number;
}

export class Forwarder {
  private readonly needs: ForwarderNeeds;
  /** By boot, the highest sequence that a core has; null: not asked since the last failure. */
  private kept: Map<number, number> | null = null;
  private cursor: { name: string; offset: number } | null = null;
  /** What a core will never take, also for those who ask for it later: a higher sequence is kept all the same. */
  private readonly refused = new Map<string, RecordedError>();
  private readonly waiters = new Set<Waiter>();
  private poked = false;
  private wake: () => void = () => {};
  private stopped = false;
  private failing: string | null = null;
  private running: Promise<void> | null = null;

  constructor(needs: ForwarderNeeds) {
    this.needs = needs;
    needs.journal.onAppended = () => this.poke();
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Resolves when a core has the entry. Rejects with `record_unreachable`. */
  whenKept({ boot, seq }: ChainHead): Promise<void> {
    const refusal = this.refused.get(`${boot} ${seq}`);
    if (refusal !== undefined) return Promise.reject(refusal);
    if ((this.kept?.get(boot) ?? 0) >= seq) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = this.needs.clock.timer(lineKeptWaitMs, () => {
        const why = this.failing === null ? '' : ` (${this.failing})`;
        waiter.reject(new RecordedError('record_unreachable', `no core has kept the line in time${why}`));
      });
      const end = (act: () => void) => {
        cancel();
        this.waiters.delete(waiter);
        act();
      };
      const waiter: Waiter = {
        boot,
        seq,
        resolve: () => end(resolve),
        reject: (error) => end(() => reject(error)),
      };
      this.waiters.add(waiter);
      this.poke();
    });
  }

  /** Why the last try failed; null: it did not. */
  get failure(): string | null {
    return this.failing;
  }

  /** What is there is brought to a core if that goes at once. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.poke();
    await this.running;
    for (const waiter of [...this.waiters])
      waiter.reject(new RecordedError('record_unreachable', 'this node ends'));
  }

  private poke(): void {
    this.poked = true;
    this.wake();
  }

  private async run(): Promise<void> {
    const { clock, log } = this.needs;
    for (;;) {
      this.poked = false;
      const isLast = this.stopped;
      try {
        await this.bring();
        if (this.failing !== null) log('info', 'the record of sessions reaches a core again', {});
        this.failing = null;
        if (isLast) return;
        await this.idle(null);
      } catch (error) {
        this.kept = null;
        const why = messageOf(error);
        if (this.failing === null) log('warn', 'the record of sessions waits for a core', { error: why });
        this.failing = why;
        if (isLast) return;
        // Held whoever waits; then somebody who waits for a core makes the next try come at once.
        await new Promise<void>((resolve) => void clock.timer(forwardRetryMinMs, resolve));
        if (this.waiters.size === 0) await this.idle(forwardRetryMs);
      }
    }
  }

  /** Until there is something to do, or for that long. */
  private idle(ms: number | null): Promise<void> {
    if (this.poked) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = ms === null ? () => {} : this.needs.clock.timer(ms, () => this.wake());
      this.wake = () => {
        cancel();
        this.wake = () => {};
        resolve();
      };
    });
  }

  /** All that the files hold now. */
  private async bring(): Promise<void> {
    const { journal, keeper } = this.needs;
    const files = await journal.files();
    if (files.length === 0) return;
    if (this.kept === null) {
      const boots = [...new Set(files.map(({ boot }) => boot))];
      this.kept = new Map((await keeper.heads(boots)).map(({ boot, seq }) => [boot, seq]));
      this.cursor = null;
      this.settle();
    }
    const from = this.cursor === null ? 0 : files.findIndex(({ name }) => name === this.cursor!.name);
    for (const [at, file] of files.entries()) {
      if (at < from) continue;
      const next = files[at + 1];
      if (!this.hasAll(file, next)) await this.bringFile(file);
      if (next !== undefined) journal.release(file.name);
    }
  }

  private hasAll(file: JournalFile, next: JournalFile | undefined): boolean {
    return next !== undefined && next.boot === file.boot && this.has(file.boot, next.seq - 1);
  }

  private has(boot: number, seq: number): boolean {
    return (this.kept!.get(boot) ?? 0) >= seq;
  }

  private async bringFile({ name }: JournalFile): Promise<void> {
    const { journal, log } = this.needs;
    const offset = this.cursor?.name === name ? this.cursor.offset : 0;
    let batch = emptyBatch();
    let bytes = 0;
    let end = offset;
    const send = async () => {
      if (batch.lines.length > 0) await this.send(batch);
      batch = emptyBatch();
      bytes = 0;
      this.cursor = { name, offset: end };
    };
    for await (const line of linesOf(journal.pathOf(name), offset)) {
      // Torn, or being written.
      if (!line.isWhole) break;
      const read = line.text === null ? null : readEntry(line.text);
      if (read === null || isFault(read)) {
        const code = read?.code ?? 'malformed';
        const place = { file: name, end: line.end, code };
        log('error', 'an entry of the journal is damaged: it goes to no core', place);
      } else if (!this.has(read.entry.boot, read.entry.seq)) {
        if (bytes + line.bytes > forwardedBytesMax || batch.lines.length >= forwardedLinesMax) await send();
        batch.lines.push(read.line);
        batch.boot = read.entry.boot;
        batch.seq = read.entry.seq;
        bytes += line.bytes;
      }
      end = line.end;
    }
    await send();
  }

  /** What a core refuses for good goes by itself, so that it keeps nobody else back. */
  private async send({ lines, boot, seq }: Batch): Promise<void> {
    const { keeper, log } = this.needs;
    try {
      await keeper.keep(lines);
      this.kept!.set(boot, seq);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'record_forked' && code !== 'record_malformed') throw error;
      if (lines.length > 1) {
        for (const line of lines) await this.send(batchOf(line));
        return;
      }
      log('error', 'a core refuses an entry of the journal', { boot, seq, code, error: messageOf(error) });
      this.refuse(boot, seq, new RecordedError('record_unreachable', messageOf(error)));
    }
    this.settle();
  }

  private refuse(boot: number, seq: number, refusal: RecordedError): void {
    this.refused.set(`${boot} ${seq}`, refusal);
    const [oldest] = this.refused.keys();
    if (this.refused.size > refusedKeptMax) this.refused.delete(oldest!);
    for (const waiter of [...this.waiters])
      if (waiter.boot === boot && waiter.seq === seq) waiter.reject(refusal);
  }

  private settle(): void {
    for (const waiter of [...this.waiters]) if (this.has(waiter.boot, waiter.seq)) waiter.resolve();
  }
}

function emptyBatch(): Batch {
  return { lines: [], boot: 0, seq: 0 };
}

function batchOf(line: string): Batch {
  const read = readEntry(line);
  if (isFault(read)) throw new RecordedError('record_malformed', read.detail);
  return { lines: [line], boot: read.entry.boot, seq: read.entry.seq };
}
