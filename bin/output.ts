/**
 * The one way to the terminal: tables or JSON on stdout, sentences and progress on stderr. Nothing that a node or a database
 * told may do more to the terminal than be read.
 */
import { harmless } from './harmless.ts';

export interface Output {
  line(text: string): void;
  json(value: unknown): void;
  /** As they are; resolves when the reader has taken them. */
  bytes(bytes: Uint8Array): Promise<void>;
  /** To stderr. */
  note(text: string): void;
}

export function terminalOutput(): Output {
  return {
    line: (text) => void process.stdout.write(`${harmless(text)}\n`),
    json: (value) => void process.stdout.write(`${harmless(JSON.stringify(value))}\n`),
    bytes: (bytes) => new Promise((resolve) => void process.stdout.write(bytes, () => resolve())),
    note: (text) => void process.stderr.write(`${harmless(text)}\n`),
  };
}
