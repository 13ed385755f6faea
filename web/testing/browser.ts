/** A stand-in for the page in tests: a WebSocket that keeps the page's state, and lets a test await what it shows. */
import { WebSocket } from 'ws';
import type { LiveMessage } from '../ui/live-message.ts';
import { newPage, type PageState, stepPage } from '../ui/page-state.ts';

export interface Browser {
  readonly socket: WebSocket;
  readonly messages: LiveMessage[];
  state(): PageState;
  /** Resolves when the state satisfies the question; at once when it does already. */
  until(question: (state: PageState) => boolean): Promise<PageState>;
  /** How the socket was closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
}

export function openBrowser(url: string, headers: Record<string, string> = {}): Browser {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/live`, { headers });
  const messages: LiveMessage[] = [];
  const waiting = new Set<() => void>();
  let state = newPage();
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as LiveMessage;
    messages.push(message);
    state = stepPage(state, { type: 'message', message, nowMs: message.now_ms });
    for (const look of waiting) look();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  return {
    socket,
    messages,
    state: () => state,
    closed,
    until: (question) =>
      new Promise((resolve) => {
        const look = () => {
          if (!question(state)) return;
          waiting.delete(look);
          resolve(state);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** The status and body with which the door refuses to make a WebSocket. */
export function refusedSocket(
  url: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers });
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.terminate();
      reject(new Error('the socket was opened'));
    });
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (part) => {
        body += String(part);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}
