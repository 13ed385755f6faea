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
  'eval system.counts() || "it\'s"',
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
      // Code is one word that is not read as words are.
      if (parsed.ok && parsed.words[0]?.text !== 'eval') {
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

type Run = (argument: never, caller: Caller) => unknown;

const records = new MemoryRecords();
const caller = (name: string): Caller => ({
  identity: { kind: 'operator', trustDomain: 't', name, rights: ['read'] },
  ...{ address: '127.0.0.1:1', serial: '01', connection: 'core_1/1' },
});
const asked = {
  ...{ session: 'session', run: 1, at: 1, text: 'nodes', line: 'no', columns: 80, rows: 24 },
  write: false,
};
/** A node of which the shell needs little, with one open session of ann's. */
const procedures = await opened();

async function opened(): Promise<ReadonlyMap<string, Run>> {
  const declared = new Map<string, Run>();
  const node = {
    node: 'core_1',
    members: { list: () => [] },
    procedures: { gone: { watch: () => () => {} } },
    declare: (name: string, { run }: { run: Run }) => void declared.set(name, run),
  } as unknown as ClusterNode;
  let sessions = 0;
  const newId = () => {
    sessions += 1;
    return sessions === 1 ? 'session' : `session-${sessions}`;
  };
  // Time passes at each look, so that lines and sessions do not come too fast for good; no timer fires.
  let ms = 0;
  const clock = Object.assign(manualClock(), {
    monotonicMs: () => {
      ms += 1_000;
      return ms;
    },
  });
  openShell({
    ...{ node, clock, log: () => {}, records, commands: everyShellCommand },
    ...{ allowsEval: false, nameOf: () => 'spiffe://t/operator/ann', newId },
  });
  await declared.get('shell_open')!(asked as never, caller('ann'));
  return declared;
}

/**
 * Requests of one who holds a certificate, and of one who does not hold the session's: answered, or refused by a code of the
 * shell; a stranger is refused whatever is asked.
 */
export function shellRequests(): FuzzTarget {
  const names = [...procedures.keys()].filter((name) => name !== 'shell_close');
  const judge = (error: unknown) => {
    if (!(error instanceof ShellError)) throw error;
  };
  return {
    name: 'shell requests',
    run(random) {
      const name = pick(random, names);
      const who = pick(random, ['ann', 'ann', 'eve']);
      let answer: unknown;
      try {
        answer = procedures.get(name)!(changedValue(random, asked) as never, caller(who));
      } catch (error) {
        judge(error);
        return;
      }
      if (who === 'eve' && name !== 'shell_open') throw new Error(`${name} was answered to a stranger`);
      // One that rejects with anything else is told when the inputs are through.
      if (answer instanceof Promise) answer.catch(judge);
    },
  };
}
