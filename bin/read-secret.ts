/**
 * A secret for a command, from a file that was named or from stdin: bounded, without the line's end that editors and
 * `echo` put after it. Never from the command line or the environment of a process, where others can read it.
 */
import { usage } from './failure.ts';
import { secretBytesMax } from './limits.ts';
import { readNamedFile } from './named-file.ts';

/** `-`: stdin. Throws a CommandFailure: `no_such_file`, or a usage failure when it is empty or too long. */
export async function readSecret(file: string): Promise<string> {
  const text = (file === '-' ? await readStdin() : readNamedFile(file)).replace(/\r?\n$/, '');
  if (text === '') throw usage('there is no secret in what was given');
  if (Buffer.byteLength(text) > secretBytesMax) throw tooLong();
  return text;
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += (chunk as Buffer).length;
    if (bytes > 2 * secretBytesMax) throw tooLong();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong() {
  return usage(`a secret has at most ${secretBytesMax} bytes`);
}
