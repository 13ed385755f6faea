/**
 * The life of a command to an agent: queued, sent, acknowledged, running, and how it ended. One table of events and the
 * states that they may come in; an event in another state changes nothing. Pure.
 */

export const commandStates = [
  'queued',
  'sent',
  'acknowledged',
  'running',
  'completed',
  'failed',
  'expired',
  'cancelled',
  'offline',
] as const;
export type CommandState = (typeof commandStates)[number];

export const commandEvents = [
  'send',
  'acknowledge',
  'start',
  'complete',
  'fail',
  'expire',
  'cancel',
  'mark_offline',
] as const;
export type CommandEvent = (typeof commandEvents)[number];

const live: readonly CommandState[] = ['queued', 'sent', 'acknowledged', 'running'];

const table: Readonly<Record<CommandEvent, { from: readonly CommandState[]; to: CommandState }>> = {
  send: { from: ['queued'], to: 'sent' },
  acknowledge: { from: ['queued', 'sent'], to: 'acknowledged' },
  start: { from: ['queued', 'sent', 'acknowledged'], to: 'running' },
  complete: { from: ['sent', 'acknowledged', 'running'], to: 'completed' },
  fail: { from: live, to: 'failed' },
  expire: { from: live, to: 'expired' },
  cancel: { from: live, to: 'cancelled' },
  mark_offline: { from: ['queued', 'sent'], to: 'offline' },
};

/** The state after it, or null when the event has no place in this state. */
export function stepCommand(state: CommandState, event: CommandEvent): CommandState | null {
  const { from, to } = table[event];
  return from.includes(state) ? to : null;
}

export function isLive(state: CommandState): boolean {
  return live.includes(state);
}
