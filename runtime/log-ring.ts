/**
 * The last lines of a node's log, kept at hand for whoever looks into it, and told as they come. Bounded in lines and
 * characters; a line that is too long is cut. Between whatever writes the log and the shell; writes nothing itself.
 */
import { logBytesKeptMax, logLineCharactersMax, logLinesKeptMax } from './limits.ts';

export class LogRing {
  private readonly lines: string[] = [];
  /** Lines before the first of `lines`, which is moved up in steps. */
  private dropped = 0;
  private first = 0;
  private characters = 0;
  private readonly watchers = new Set<() => void>();

  /** Number of the next line; lines are numbered from 0 for as long as the ring lives. */
  get end(): number {
    return this.dropped + this.lines.length;
  }

  /** The oldest that is kept. */
  get start(): number {
    return this.dropped + this.first;
  }

  push(text: string): void {
    const whole = text.endsWith('\n') ? text.slice(0, -1) : text;
    const line = whole.length > logLineCharactersMax ? `${whole.slice(0, logLineCharactersMax)}...` : whole;
    this.lines.push(line);
    this.characters += line.length;
    while (this.characters > logBytesKeptMax || this.lines.length - this.first > logLinesKeptMax) {
      this.characters -= this.lines[this.first]!.length;
      this.lines[this.first] = '';
      this.first += 1;
    }
    if (this.first > logLinesKeptMax) {
      this.lines.splice(0, this.first);
      this.dropped += this.first;
      this.first = 0;
    }
    for (const told of this.watchers) told();
  }

  /** Null: it is no longer kept, or not there yet. */
  at(number: number): string | null {
    return number < this.start ? null : (this.lines[number - this.dropped] ?? null);
  }

  /** Told after each line. */
  watch(onLine: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.watchers.add(onLine);
    signal.addEventListener('abort', () => this.watchers.delete(onLine), { once: true });
  }
}
