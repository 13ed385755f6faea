import { outsidePromises } from '../event-loop.ts';
import { runLeaseHistory } from './history.ts';

const [first, count, trace, flaw] = process.argv.slice(2);
if (!trace || trace === '0') Error.stackTraceLimit = 0;
const t0 = performance.now();
let sim = 0;
let failed = 0;
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const r = await outsidePromises(() =>
    runLeaseHistory({ seed, flaw: (flaw as never) ?? null, traceLines: trace ? Number(trace) : 0 }),
  );
  sim += r.simulatedMs;
  if (r.failures.length) {
    failed++;
    console.log(
      seed,
      r.failures.slice(0, 2).map((f) => f.slice(0, 300)),
    );
  }
  if (trace && trace !== '0') {
    for (const l of r.trace()) console.log(l);
    console.log(r.counts, r.hash, r.failures);
  }
}
console.log('failed', failed, 'ms', Math.round(performance.now() - t0), 'sim s', Math.round(sim / 1000));
