/**
 * The open WebSockets: how many, how much may wait in each, and whether they still answer. Between the door, which
 * admits them, and the feed, which knows them by number. Knows nothing of what is sent.
 */
import type { WebSocket } from 'ws';
import type { Clock, Log } from '../runtime/index.ts';
import type { FarewellCode } from './errors.ts';
import { closeGraceMs, pingIntervalMs, socketBufferedBytesMax, socketsMax } from './limits.ts';

/** What the feed may do with the browsers that listen. */
export interface Audience {
  numbers(): number[];
  send(socket: number, text: string): void;
}

export interface Sockets extends Audience {
  /** False when there is no room: the socket must not be made. */
  hasRoom(): boolean;
  count(): number;
  admit(socket: WebSocket): number;
  drop(socket: number, code: FarewellCode): void;
  dropAll(code: FarewellCode): void;
  /** Ends the pings. */
  stop(): void;
}

export interface SocketsNeeds {
  readonly clock: Clock;
  readonly log: Log;
  readonly onLeft: (socket: number) => void;
}

interface Listener {
  readonly socket: WebSocket;
  answered: boolean;
  dropped: boolean;
}

/** Close codes of RFC 6455 §7.4.1: going away, policy, try again later. */
const closeCodes: Readonly<Record<FarewellCode, number>> = {
  closing: 1001,
  no_answer: 1001,
  nothing_accepted: 1008,
  slow_reader: 1013,
  feed_unavailable: 1013,
  feed_busy: 1013,
};

export function openSockets({ clock, log, onLeft }: SocketsNeeds): Sockets {
  const listeners = new Map<number, Listener>();
  let admitted = 0;

  const drop = (number: number, code: FarewellCode) => {
    const listener = listeners.get(number);
    if (listener === undefined || listener.dropped) return;
    listener.dropped = true;
    const { socket } = listener;
    const level = code === 'closing' ? 'debug' : 'warn';
    log(level, 'a browser was dropped', { socket: number, code, unsent: socket.bufferedAmount });
    socket.close(closeCodes[code], code);
    // The farewell waits behind all that is unsent; a reader that stands still never comes to it.
    const cancel = clock.timer(closeGraceMs, () => socket.terminate());
    socket.once('close', cancel);
  };

  const send = (number: number, { socket, dropped }: Listener, text: string) => {
    if (dropped || socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > socketBufferedBytesMax) drop(number, 'slow_reader');
    else socket.send(text);
  };

  const pingAll = () => {
    for (const [number, listener] of listeners) {
      if (!listener.answered) drop(number, 'no_answer');
      else if (!listener.dropped) {
        listener.answered = false;
        listener.socket.ping();
      }
    }
    cancelPing = clock.timer(pingIntervalMs, pingAll);
  };
  let cancelPing = clock.timer(pingIntervalMs, pingAll);

  return {
    hasRoom: () => listeners.size < socketsMax,
    count: () => listeners.size,
    admit(socket) {
      admitted += 1;
      const number = admitted;
      const listener: Listener = { socket, answered: true, dropped: false };
      listeners.set(number, listener);
      answerPings(listener);
      socket.on('message', () => drop(number, 'nothing_accepted'));
      socket.on('error', (error: Error) =>
        log('debug', 'a browser socket failed', { socket: number, error: error.message }),
      );
      socket.on('close', () => {
        listeners.delete(number);
        onLeft(number);
      });
      return number;
    },
    numbers: () => [...listeners.keys()],
    send(number, text) {
      const listener = listeners.get(number);
      if (listener !== undefined) send(number, listener, text);
    },
    drop,
    dropAll(code) {
      for (const number of listeners.keys()) drop(number, code);
    },
    stop: () => cancelPing(),
  };
}

function answerPings(listener: Listener): void {
  const { socket } = listener;
  socket.on('pong', () => {
    listener.answered = true;
  });
  // Answers to a peer that pings and reads nothing would pile up.
  socket.on('ping', (data: Buffer) => {
    if (socket.bufferedAmount === 0) socket.pong(data);
  });
}
