/**
 * An agent in a process of its own that sends one document: `document-agent.js FOLDER ENDPOINTS UPDATES ours|older`. Tells its
 * parent how much is held, and how it went. Its memory is measured from outside.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sendDocument } from '../../edge/index.ts';
import { systemClock, systemRandom } from '../../runtime/index.ts';
import { deviceUpdates } from '../edge/device-updates.ts';
import { edgeChannels } from '../edge/edge-channel.ts';
import { PlainClient } from '../edge/plain-grpc.ts';
import { message } from '../edge/plain-protobuf.ts';
import { documentUnsentBytesMax, documentUpdatesPerChunk } from './bounds.ts';

const [folder, addresses, count, how] = process.argv.slice(2) as [string, string, string, string];
const updates = Number(count);
const endpoints = addresses.split(',');

async function ours(): Promise<unknown> {
  const channels = edgeChannels(folder, endpoints);
  const needs = { clock: systemClock(), random: systemRandom(), dial: () => channels.dial() };
  const sent = await sendDocument(needs, {
    ...{ id: 'soak', kind: 'sync', service: 'netbox', totalBytes: null },
    read: () => deviceUpdates(updates),
    onHeld: (heldBytes) => process.send?.({ heldBytes, endpoint: channels.endpoint() }),
  });
  channels.close();
  return sent;
}

/** As an agent that knows nothing of documents: chunks of whole arrays, the next when the socket has taken the one before. */
async function older(): Promise<unknown> {
  const pem = readFileSync(join(folder, 'edge.pem'));
  const port = Number(endpoints[0]!.split(':')[1]);
  const client = await PlainClient.dial(port, { cert: pem, key: pem, rejectUnauthorized: false });
  const stream = client.open('/monitoring.AgentGatewayService/StreamStatus');
  const total = Math.ceil(updates / documentUpdatesPerChunk);
  let isOver = false;
  void stream.ended.then(() => {
    isOver = true;
  });
  for (let at = 0; at < total && !isOver; at += 1) {
    const here = Math.min(documentUpdatesPerChunk, updates - at * documentUpdatesPerChunk);
    const pieces: Uint8Array[] = [];
    for await (const piece of deviceUpdates(here)) pieces.push(piece);
    const item = message([1, 'armis'], [2, true], [3, Buffer.concat(pieces)], [4, 'sync'], [9, 'results']);
    stream.send(message([1, item], [5, 'north'], [7, at === total - 1], [8, at], [9, total]));
    while (stream.unsentBytes > documentUnsentBytesMax && !isOver)
      await new Promise((resolve) => setTimeout(resolve, 2));
  }
  stream.finish();
  const { status, detail } = await stream.ended;
  client.close();
  return { ok: status === 0, items: updates, error: { code: status, detail } };
}

const sent = await (how === 'older' ? older() : ours());
process.send?.({ sent }, () => process.disconnect());
