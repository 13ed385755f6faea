/** `node.js DIR NAME [SEED]`: one node of several that keep a counter running. `add`, `where` and `why` on its input. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readCredential } from 'picket/certs';
import { startNode } from 'picket/cluster';
import { type CounterProtocol, counter } from './counter.js';
import { fileValues } from './file-values.js';

const [folder, name, seed] = process.argv.slice(2);
if (folder === undefined || name === undefined) {
  console.error('usage: node.js DIR NAME [SEED]');
  process.exit(2);
}
const node = await startNode({
  credential: await readCredential(folder, name),
  listen: '127.0.0.1:0',
  seeds: seed === undefined ? [] : [seed],
  log: (level, message, fields) => level === 'error' && console.error(message, fields),
});
// What this node can run. Every node of the role says the same.
const values = await fileValues(join(folder, 'values'));
await node.supervisor.serve({ counter: { definition: counter(values) } });
console.log(`${name} at ${node.address}`);

let seen = '';
const ever = new AbortController().signal;
const tellNodes = () => {
  const live = node.members.live('core').join(', ');
  if (live !== seen) console.log(`nodes: ${live}`);
  seen = live;
};
node.members.watch(tellNodes, ever);
tellNodes();
node.names.watch(
  { kind: 'counter' },
  ({ type, entry }) => type !== 'removed' && console.log(`${entry.key.id} runs on ${entry.node}`),
  ever,
);

/** The counter, wherever it runs. Whoever asks first has it started; it is the same for all others. */
const visits = () =>
  node.supervisor.start<CounterProtocol>({ id: 'visits', kind: 'counter', role: 'core', args: ['visits'] });

async function obey(line: string): Promise<void> {
  const ref = await visits();
  if (line === 'add') console.log(`visits: ${await node.system.call(ref).add(1)}`);
  if (line === 'where') console.log(`on ${ref.node}`);
  if (line === 'why') console.log((await node.supervisor.explain('visits'))?.because.join('; '));
}

async function leave(): Promise<void> {
  await node.stop();
  process.exit(0);
}
const input = createInterface({ input: process.stdin });
input.on('line', (line) => void obey(line).catch((error) => console.log(`${error.code}: ${line} again`)));
input.on('close', leave);
process.once('SIGTERM', leave);
