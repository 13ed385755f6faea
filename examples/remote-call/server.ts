/** `server.js DIR [HOST:PORT]`: a node with a supervised actor that others find by name. */
import { readCredential } from 'picket/certs';
import { type RunningNode, startNode } from 'picket/cluster';
import { childOf, defineActor, type LaterReply, supervisor } from 'picket/runtime';
import { type CalculatorProtocol, calculatorName } from './protocol.js';

function calculator(node: RunningNode) {
  return defineActor<null, CalculatorProtocol>({
    name: 'calculator',
    init(self) {
      // In `init`, so that a restarted actor takes its name again.
      node.names.register(calculatorName, self.ref, { pid: process.pid });
      return null;
    },
    call: {
      add: (_self, a, b) => a + b,
      divide: (_self, a, b) =>
        b === 0 ? { ok: false, why: 'division by zero' } : { ok: true, value: a / b },
      slow(self) {
        const reply = self.replyLater();
        self.after(2_000, 'slow', reply);
        return reply;
      },
      whoAreYou: () => ({ node: node.node, pid: process.pid }),
    },
    cast: {},
    info(_self, info) {
      if (info.type === 'timeout') (info.data as LaterReply).answer('at last');
    },
  });
}

const [folder, listen = '127.0.0.1:0'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: server.js DIR [HOST:PORT]');
  process.exit(2);
}
const node = await startNode({
  credential: await readCredential(folder, 'server'),
  listen,
  log: (level, message, fields) => level !== 'debug' && console.error(level, message, fields),
});
node.system.spawn(supervisor({ name: 'server' }, [{ id: 'calculator', start: childOf(calculator(node)) }]));
console.log(`listening on ${node.address}`);

process.once('SIGTERM', () => void node.stop().then(() => process.exit(0)));
process.once('SIGINT', () => void node.stop().then(() => process.exit(0)));
