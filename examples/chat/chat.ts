/** `chat.js DIR NICK ROOM [SEED]`: one person, one process. What is typed is said in the room; end of input leaves. */
import { createInterface } from 'node:readline';
import { readCredential } from 'picket/certs';
import { startNode } from 'picket/cluster';
import { member } from './member.js';
import { roomKey } from './room.js';

const [folder, nick, roomName, seed] = process.argv.slice(2);
if (folder === undefined || nick === undefined || roomName === undefined) {
  console.error('usage: chat.js DIR NICK ROOM [SEED]');
  process.exit(2);
}
const node = await startNode({
  credential: await readCredential(folder, nick),
  listen: '127.0.0.1:0',
  seeds: seed === undefined ? [] : [seed],
  log: (level, message, fields) => level === 'error' && console.error(message, fields),
});
console.log(`* ${nick} at ${node.address}`);
let seen = '';
node.members.watch(() => {
  const live = node.members.live('core').join(', ');
  if (live !== seen) console.log(`* nodes: ${live}`);
  seen = live;
}, new AbortController().signal);
// Whoever knows somebody waits until it has heard of the room; whoever comes first opens it.
if (seed !== undefined) await node.find(roomKey(roomName)).catch(() => null);

const me = node.system.spawn(member(node, roomName, (line) => console.log(line)));
const input = createInterface({ input: process.stdin });
input.on('line', (line) => node.system.cast(me).typed(line));
input.on('close', async () => {
  const ended = node.system.ended(me);
  node.system.exit(me, 'shutdown');
  await ended;
  await node.stop();
  process.exit(0);
});
