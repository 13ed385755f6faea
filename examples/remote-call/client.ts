/** `client.js DIR HOST:PORT`: a second process, with a certificate of its own, that calls the server's actor. */
import { readCredential } from 'picket/certs';
import { startNode } from 'picket/cluster';
import type { RuntimeError } from 'picket/runtime';
import { type CalculatorProtocol, calculatorName } from './protocol.js';

const [folder, server] = process.argv.slice(2);
if (folder === undefined || server === undefined) {
  console.error('usage: client.js DIR HOST:PORT');
  process.exit(2);
}
const node = await startNode({
  credential: await readCredential(folder, 'client'),
  listen: '127.0.0.1:0',
  seeds: [server],
  log: (level, message, fields) => level === 'warn' && console.error(level, message, fields),
});

const calculator = await node.find<CalculatorProtocol>(calculatorName);
const ask = (timeoutMs?: number) => node.system.call(calculator, timeoutMs);

console.log(`2 + 3 = ${await ask().add(2, 3)}`);
for (const [a, b] of [
  [10, 4],
  [10, 0],
] as const) {
  const answer = await ask().divide(a, b);
  console.log(`${a} / ${b} = ${answer.ok ? answer.value : answer.why}`);
}
const { node: name, pid } = await ask().whoAreYou();
console.log(`answered by node ${name}, ${pid === process.pid ? 'this' : 'another'} process`);
await ask(50)
  .slow()
  .catch((error: RuntimeError) => console.log(`slow, within 50 ms: ${error.code}`));

await node.stop();
process.exit(0);
