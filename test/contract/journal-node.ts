/** The journal of a node on a real disk with whoever keeps the other copy, for tests of both; knows nothing of what is right. */
import { manualClock } from '../../runtime/index.ts';
import { Forwarder } from '../../shell/journal/forwarder.ts';
import { Journal } from '../../shell/journal/journal.ts';
import { sessionRecords } from '../../shell/journal/records.ts';
import type { RecordKeeper } from '../../shell/ports/record-keeper.ts';

/** On a clock that stands still; `close` ends it as a node that drains does. */
export function journalNode(folder: string, core: RecordKeeper, boot = 1) {
  const clock = manualClock();
  const logged: string[] = [];
  const journal = new Journal({ folder, node: 'poller_1', boot });
  const log = (_level: string, what: string) => void logged.push(what);
  const forwarder = new Forwarder({ journal, keeper: core, clock, log });
  forwarder.start();
  const records = sessionRecords(journal, forwarder);
  const close = async () => {
    await journal.close();
    const stopped = forwarder.stop();
    await pump({ clock, forwarder }, stopped);
  };
  return { clock, logged, journal, forwarder, records, close };
}

type Node = ReturnType<typeof journalNode>;

/** The disk takes the time that it takes: the clock goes on, slowly, only where the next try waits for it. */
export async function pump<T>(
  { clock, forwarder }: Pick<Node, 'clock' | 'forwarder'>,
  work: Promise<T>,
): Promise<T> {
  let ended = false;
  const settled = () => {
    ended = true;
  };
  work.then(settled, settled);
  while (!ended) {
    if (forwarder.failure !== null) await clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await work;
}

/** Until what waits has reached whoever keeps it. */
export async function recovered({ clock, forwarder }: Pick<Node, 'clock' | 'forwarder'>): Promise<void> {
  while (forwarder.failure !== null) {
    await clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
