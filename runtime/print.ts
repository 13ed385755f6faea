/**
 * A living value written out piece by piece, so that a hundred megabytes of it hold nothing up: each piece has a bounded text and
 * visited a bounded number of properties. What is plain comes out as JSON; the rest is marked by its kind. Runs nobody's code:
 * getters are named, proxies are not entered. Secrets are left out by their names (redaction.ts). The one thing that cannot
 * be had in parts are the names of an object's fields: V8 gives all at once (10,000 in 1 ms, 100,000 in 25 ms, a million in half a
 * second), so what has many entries belongs into a Map, which is followed one by one.
 */
import { types } from 'node:util';
import { printDepthMax, printPieceCharacters, printPieceSteps, printStringCharactersMax } from './limits.ts';
import { type Entry, entriesOf, type Frame, quoted } from './print-entries.ts';
import { isSecretText, redacted } from './redaction.ts';
import { isRef } from './ref.ts';
import { kindOf, type RefText } from './sketch.ts';

export interface PrintOptions {
  /** Of the whole text; a line says when there would be more. */
  readonly charactersMax: number;
  /** How a ref is shown; unless told, by its address. */
  readonly ref?: RefText;
  /** Told for each piece how many properties were visited for it: what the tests hold on to. */
  readonly onPiece?: (steps: number) => void;
}

/** Pieces of at most twice `printPieceCharacters`. What changes meanwhile is seen as it is when its turn comes. */
export function* printed(value: unknown, options: PrintOptions): Generator<string, void> {
  const printer = new Printer(options);
  printer.open({ label: '', value, isSecret: false });
  let [left, steps] = [options.charactersMax, 0];
  for (;;) {
    const more = printer.step();
    steps += 1;
    if (more && printer.characters < Math.min(printPieceCharacters, left) && steps < printPieceSteps)
      continue;
    const piece = printer.take();
    options.onPiece?.(steps);
    steps = 0;
    if (piece.length > left || (more && piece.length === left)) {
      yield `${piece.slice(0, left)}\n... cut at ${options.charactersMax} characters\n`;
      return;
    }
    left -= piece.length;
    // A long row of empty places has no text.
    yield piece;
    if (!more) return;
  }
}

class Printer {
  private readonly options: PrintOptions;
  /** What is being written, the innermost last. */
  private readonly frames: Frame[] = [];
  private text: string[] = [];
  characters = 0;

  constructor(options: PrintOptions) {
    this.options = options;
  }

  take(): string {
    const piece = this.text.join('');
    this.text = [];
    this.characters = 0;
    return piece;
  }

  /** One property, or one part of a long text. False: nothing is left. */
  step(): boolean {
    const frame = this.frames.at(-1);
    if (frame === undefined) return false;
    const entry = frame.next();
    if (entry === 'nothing') return true;
    if (entry === 'end') {
      this.frames.pop();
      const isEmpty = frame.written === 0;
      this.write(frame.isText || isEmpty ? frame.close : `\n${indent(this.depth)}${frame.close}`);
      return this.frames.length > 0;
    }
    if (typeof entry === 'string') {
      this.write(entry);
      return true;
    }
    this.write(entry.joined ? '' : `${frame.written === 0 ? '' : ','}\n${indent(this.depth)}`);
    frame.written += 1;
    this.open(entry);
    return true;
  }

  /** Writes what is small, and begins what is not. */
  open({ label, value, isSecret }: Entry): void {
    if (label !== '') this.write(label);
    if (isSecret) this.write(quoted(redacted));
    else if (typeof value === 'string') this.openText(value);
    else if (typeof value !== 'object' || value === null) this.write(plain(value));
    else this.openObject(value);
  }

  private openText(value: string): void {
    if (value.length > printStringCharactersMax) this.write(quoted(`<string(${value.length})>`));
    else if (isSecretText(value)) this.write(quoted(redacted));
    else this.begin(entriesOf(value)!);
  }

  private openObject(value: object): void {
    if (types.isProxy(value)) this.write(quoted('<Proxy>'));
    else if (isRef(value)) this.write(quoted(kindOf(value, this.options.ref)));
    else if (this.frames.some((frame) => frame.value === value)) this.write(quoted('<cycle>'));
    else if (this.frames.length >= printDepthMax) this.write(quoted(`<${kindOf(value)}>`));
    else {
      const frame = entriesOf(value);
      if (frame === null) this.write(quoted(`<${kindOf(value)}>`));
      else this.begin(frame);
    }
  }

  private begin(frame: Frame): void {
    this.write(frame.open);
    this.frames.push(frame);
  }

  private get depth(): number {
    return this.frames.length;
  }

  private write(text: string): void {
    if (text === '') return;
    this.text.push(text);
    this.characters += text.length;
  }
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

function plain(value: unknown): string {
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return '-0';
    return Number.isFinite(value) ? String(value) : quoted(`<${value}>`);
  }
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'bigint') {
    // A thousand digits take no time, a million take seconds.
    return quoted(value > -bigMax && value < bigMax ? `<${value}n>` : '<bigint>');
  }
  return quoted(`<${typeof value}>`);
}

const bigMax = 2n ** 1024n;
