/**
 * The remote shell under changed input: lines that operators type, and requests as a hostile client would make them. A line
 * is judged by what its promise says; a request is answered, or refused by a code of the shell.
 */
import type { Caller, ClusterNode, OperatorRights } from '../../cluster/index.ts';
import { manualClock } from '../../runtime/index.ts';
import { everyShellCommand, openShell, ShellError, splitPipe } from '../../shell/index.ts';
import { judgeLine } from '../../shell/judge-line.ts';
import { parseLine, quoteWord } from '../../shell/parse-line.ts';
import { MemoryRecords } from '../../shell/testing/memory-records.ts';
import { changedValue } from './change-value.ts';
import { mutated, pick } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const lines = [
  'nodes --json',
  `send platform/default/poller/p note '{"a":[1,2]}' "x y" --call`,
  "eval 'system.counts()' | jq .",
  'stop 17 --kill',
  "explain child 'meter 7'",
];
const reader: OperatorRights = { read: true, write: false, eval: false, tenant: null };

/** Lines: words or a reason; what is read-only never runs what is not. */
export function shellLines(): FuzzTarget {
  const corpus = lines.map((line) => Buffer.from(line));
  const commands = new Map(everyShellCommand.map((command) => [command.name, command]));
  return {
    name: 'shell lines',
    run(random) {
      const line = mutated(random, corpus).toString(pick(random, ['utf8', 'latin1'] as const));
      const { line: left, pipe } = splitPipe(line);
      if (left.length + (pipe?.length ?? 0) > line.length)
        throw new Error('the halves are more than the line');
      const parsed = parseLine(line);
      if (parsed.ok) {
        const again = parseLine(parsed.words.map(({ text }) => quoteWord(text)).join(' '));
        const texts = (one: typeof parsed) =>
          JSON.stringify(one.ok ? one.words.map(({ text }) => text) : null);
        if (again.ok && texts(again) !== texts(parsed)) throw new Error(`read otherwise: ${line}`);
      }
      const judged = judgeLine(line, commands, { rights: reader, mayWrite: false, allowsEval: true });
      if (judged.refusal === null && judged.command?.access !== 'read') throw new Error(`may run: ${line}`);
    },
  };
}

/** Requests of one who holds a certificate, and of one who does not hold the session's. */
export function shellRequests(): FuzzTarget {
  type Run = (argument: never, caller: Caller) => unknown;
  const procedures = new Map<string, Run>();
  const node = {
    node: 'core_1',
    members: { list: () => [] },
    procedures: { gone: { watch: () => () => {} } },
    declare: (name: string, { run }: { run: Run }) => void procedures.set(name, run),
  } as unknown as ClusterNode;
  const clock = manualClock();
  const records = new MemoryRecords();
  const needs = { node, clock, log: () => {}, records, commands: everyShellCommand, allowsEval: false };
  openShell({ ...needs, nameOf: () => 'spiffe://t/operator/ann', newId: () => 'session' });
  const caller = (name: string): Caller => ({
    identity: { kind: 'operator', trustDomain: 't', name, rights: ['read'] },
    ...{ address: '127.0.0.1:1', serial: '01', connection: 'core_1/1' },
  });
  const asked = {
    session: 'session',
    run: 1,
    at: 1,
    text: 'nodes',
    line: 'no',
    columns: 80,
    rows: 24,
    write: false,
  };
  const names = [...procedures.keys()];
  const judge = (error: unknown) => {
    if (!(error instanceof ShellError)) throw error;
  };
  let faults: unknown = null;
  return {
    name: 'shell requests',
    run(random) {
      if (faults !== null) throw faults;
      // What is kept of it is not what is looked at.
      records.events.length = 0;
      const run = procedures.get(pick(random, names))!;
      const argument = changedValue(random, asked) as never;
      try {
        const answer = run(argument, caller(pick(random, ['ann', 'ann', 'eve'])));
        if (answer instanceof Promise) {
          answer.catch(judge).catch((error: unknown) => {
            faults = error;
          });
        }
      } catch (error) {
        judge(error);
      }
    },
  };
}
