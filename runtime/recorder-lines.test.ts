import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type AnyReplayForm,
  linesOf,
  manualClock,
  RecordError,
  Recorder,
  readRecord,
  replay,
  supervisionForm,
  takeRecord,
} from './index.ts';
import { recordLineBytesMax } from './limits.ts';
import { supervise, supervision } from './supervision.ts';

function record(): string[] {
  const recorder = new Recorder({ node: 'core_1', boot: 7, clock: manualClock() });
  const recording = recorder.machine(supervisionForm, 'top/1');
  let state = supervision({ strategy: 'one_for_one', restartsMax: 3, withinMs: 5_000 }, [
    { id: 'a', restart: 'permanent' },
  ]);
  for (const event of [
    { type: 'begin' },
    { type: 'started', id: 'a' },
    { type: 'exited', id: 'a', reason: 'crash', nowMs: 5 },
  ] as const) {
    state = recording.step(state, event, supervise).state;
  }
  return takeRecord(recorder);
}

/** With an end that fits, as somebody would make it who knows how. */
function sealed(lines: readonly string[]): string[] {
  const body = lines.filter((line) => !line.startsWith('{"end"'));
  const sha256 = createHash('sha256')
    .update(body.map((line) => `${line}\n`).join(''))
    .digest('hex');
  return [...body, JSON.stringify({ end: { lines: body.length, sha256 } })];
}

function refusal(lines: Iterable<string>, forms: readonly AnyReplayForm[] = [supervisionForm]): string {
  try {
    const { mismatches } = replay(readRecord(lines), forms);
    return `taken, ${mismatches.length} mismatches`;
  } catch (error) {
    expect(error).toBeInstanceOf(RecordError);
    return `${(error as RecordError).code}: ${(error as Error).message}`;
  }
}

describe('a record file', () => {
  test('is taken as it was written, alone and after another', () => {
    expect(refusal(record())).toBe('taken, 0 mismatches');
    expect(refusal([...record(), ...record()])).toBe('taken, 0 mismatches');
    expect(sealed(record())).toEqual(record());
  });

  test('is refused when it is none', () => {
    expect(refusal([])).toBe('record_foreign: the file is empty');
    for (const line of [
      '',
      'hello',
      '{}',
      '[]',
      'null',
      '{"record":"picket"}',
      '{"record":"other","version":1}',
    ])
      expect(refusal([line])).toBe('record_foreign: the file is no record of picket');
  });

  test('is refused when it was made by a later version, or has a machine of another', () => {
    const [head, ...rest] = record();
    const later = head!.replace('"version":2', '"version":3');
    expect(refusal(sealed([later, ...rest]))).toBe(
      'record_newer: the record has version 3, this picket reads 2: use a later one',
    );
    const newer = { ...supervisionForm, version: 0 };
    expect(refusal(record(), [newer])).toMatch(/^record_newer: .* supervision of version 1/);
    expect(refusal(record(), [])).toMatch(/^record_newer/);
    expect(refusal(record(), [{ ...supervisionForm, version: 2 }])).toMatch(/^record_older/);
  });

  test('is refused when it ends early, wherever', () => {
    const lines = record();
    for (let at = 1; at < lines.length; at += 1) {
      expect(refusal(lines.slice(0, at))).toMatch(/^record_truncated/);
      const cut = [...lines.slice(0, at), lines[at]!.slice(0, -3)];
      expect(refusal(cut)).toMatch(/^record_(truncated|damaged)/);
    }
  });

  test('is refused when any of it was changed', () => {
    const lines = record();
    for (let at = 0; at < lines.length; at += 1) {
      const changed = lines.with(
        at,
        lines[at]!.replace(/\d(?=[^\d]*$)/, (digit) => String((Number(digit) + 1) % 10)),
      );
      expect(refusal(changed)).toMatch(/^record_damaged/);
    }
    expect(refusal(lines.toSpliced(2, 1))).toMatch(/^record_damaged/);
    expect(refusal([...lines, '{"n":1}'])).toMatch(
      /^record_damaged: line \d+: what follows a record is none/,
    );
  });

  test('whose sum was made to fit is still judged line by line', () => {
    const lines = record();
    const at = (start: string) => lines.findIndex((line) => line.startsWith(start));
    const swap = (start: string, text: string) => refusal(sealed(lines.with(at(start), text)));
    expect(swap('{"n":2', '{"n":2}')).toMatch(/^record_damaged: line \d+: the entry is not whole/);
    expect(swap('{"n":2', '{"what":2}')).toMatch(/^record_damaged: line \d+: it is of no kind/);
    expect(swap('{"checkpoint"', '{"checkpoint":{}}')).toMatch(
      /^record_damaged: .* the checkpoint is not whole/,
    );
    expect(swap('{"checkpoint"', '{"gap":{"kind":"supervision"}}')).toMatch(/^record_damaged: .* the gap/);
    const strange = lines[at('{"n":2')]!.replace('supervision/top/1', 'weather');
    expect(swap('{"n":2', strange)).toBe('record_damaged: there is no machine of the kind "weather"');
    const other = lines[at('{"checkpoint"')]!.replace('"up":false', '"up":true');
    expect(swap('{"checkpoint"', other)).toMatch(/^record_damaged: .* is not its own/);
    const event = lines[at('{"n":3')]!.replace(/"event":\{[^}]*\}/, '"event":{"type":"add"}');
    expect(swap('{"n":3', event)).toBe('taken, 1 mismatches');
  });

  test('is cut into lines wherever its bytes are cut, and a line without an end is refused', () => {
    const bytes = Buffer.from(`${record().join('\n')}\n`);
    for (const size of [1, 7, 100, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect([...linesOf(chunks)]).toEqual(record());
    }
    const endless = function* () {
      for (let sent = 0; sent < recordLineBytesMax * 3; sent += 65_536) yield Buffer.alloc(65_536, 'x');
    };
    expect(refusal(linesOf(endless()))).toMatch(/^record_too_large/);
  });
});
