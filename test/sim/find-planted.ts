/**
 * `node .sim/test/sim/find-planted.js [SEEDS] [TEXT]`: for each planted fault (whose name has the text) the first seed whose
 * history shows it, out of so many (1,000). What it prints is kept in planted.test.ts.
 */
import { outsidePromises } from './event-loop.ts';
import { runHistory } from './history.ts';
import { plantedFaults } from './planted/all.ts';

Error.stackTraceLimit = 0;
const seeds = Number(process.argv[2] ?? 1_000);
const text = process.argv[3] ?? '';
for (const { name, plant } of plantedFaults.filter((one) => one.name.includes(text))) {
  let found = 'NOT FOUND';
  for (let seed = 1; seed <= seeds && found === 'NOT FOUND'; seed += 1) {
    const { failures } = await outsidePromises(() => runHistory({ seed, plant }));
    if (failures.length > 0) found = `${seed} (${failures[0]})`;
  }
  process.stdout.write(`${name}: ${found}\n`);
}
