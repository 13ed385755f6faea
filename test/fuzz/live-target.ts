/**
 * What a browser sends after the upgrade: frames of a WebSocket, of which none is wanted. Whatever the bytes, the reader that
 * the page's door uses gives messages within the bound or one error of its own kind, and nothing after it.
 */
import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { socketMessageBytesMax } from '../../web/limits.ts';
import { mutated, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

/** The reader behind every socket of `ws`; its types leave it out. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => Writable;
};
const inputBytesMax = 1_024;

export function live(): FuzzTarget {
  const text = Buffer.from('{"subscribe":"all"}');
  const corpus = [
    ...[frame(0x81, text), frame(0x82, Buffer.alloc(126, 7)), frame(0x01, text), frame(0x80, text)],
    ...[frame(0x89, Buffer.from('ping')), frame(0x8a, text), frame(0x88, Buffer.from([3, 232]))],
    Buffer.concat([frame(0x01, text), frame(0x00, text), frame(0x89, text), frame(0x80, text)]),
    Buffer.concat([Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 16, 0, 0, 1, 2, 3, 4]), text]),
  ];
  return {
    name: 'live',
    run(random) {
      const input = mutated(random, corpus).subarray(0, inputBytesMax);
      const reader = new Receiver({ isServer: true, maxPayload: socketMessageBytesMax });
      reader.on('message', (message: Buffer) => {
        if (message.length > socketMessageBytesMax) throw new Error(`a message of ${message.length} bytes`);
        if (reader.errored !== null) throw new Error('a message after the error');
      });
      for (const kind of ['ping', 'pong', 'conclude', 'error']) reader.on(kind, () => {});
      for (let at = 0; at < input.length && reader.writable; ) {
        const end = Math.min(input.length, at + 1 + under(random, input.length));
        reader.write(input.subarray(at, end));
        at = end;
      }
      const { code } = (reader.errored ?? {}) as NodeJS.ErrnoException;
      if (reader.errored && !code?.startsWith('WS_ERR_')) throw reader.errored;
    },
  };
}

/** As browsers send it: masked. */
function frame(first: number, payload: Buffer): Buffer {
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([
    Buffer.from([first, ...length]),
    mask,
    payload.map((byte, at) => byte ^ mask[at % 4]!),
  ]);
}
