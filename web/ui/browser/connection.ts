/**
 * The page's WebSocket: opened, listened to, and taken for lost when it closes or falls silent. Connects again when the
 * page's state says so. Sends nothing.
 */
import { silenceMs } from '../../limits.ts';
import type { LiveMessage } from '../live-message.ts';
import { after } from './browser-clock.ts';

export interface ConnectionHandlers {
  onMessage(message: LiveMessage): void;
  /** Once for each connection that was opened or tried. */
  onLost(): void;
}

export function connect({ onMessage, onLost }: ConnectionHandlers): void {
  const socket = new WebSocket(`ws://${location.host}/live`);
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    cancelSilence();
    socket.close();
    onLost();
  };
  let cancelSilence = after(silenceMs, end);
  socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
    if (ended) return;
    cancelSilence();
    cancelSilence = after(silenceMs, end);
    onMessage(JSON.parse(data) as LiveMessage);
  });
  socket.addEventListener('close', end);
  socket.addEventListener('error', end);
}
