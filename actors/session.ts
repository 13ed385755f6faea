/**
 * The session of this core in the store: renewed every second, it is what keeps the leases of its tenants. While the
 * database is away trees go on up to a named time; then they are told to stop.
 */
import { defineActor, messageOf, type Self } from '../runtime/index.ts';
import { sessionRenewMs, storeAwayMsMax } from './limits.ts';
import type { LeaseStore, Session } from './ports/lease-store.ts';

export interface SessionProtocol {
  start: [];
  call: { status(): SessionStatus };
  cast: Record<never, never>;
}

export interface SessionStatus {
  /** False until the first renewal, and after `storeAwayMsMax` without one. */
  usable: boolean;
  storeAwayMs: number;
}

interface SessionState {
  usable: boolean;
  renewedAtMs: number;
  /** On the database's clock, as of the last renewal; null: there was none yet. */
  expiresAtMs: number | null;
  away: boolean;
}

export interface SessionNeeds {
  leases: LeaseStore;
  node: string;
  boot: number;
  /** Told when the session becomes usable, and when it no longer is. */
  onChange(usable: boolean): void;
  /** Told when it had ended before it was renewed: each lease of this core may be somebody else's by now. */
  onLapse(): void;
}

export function session(needs: SessionNeeds) {
  return defineActor<SessionState, SessionProtocol>({
    name: 'session',
    trapExit: true,
    init(self) {
      renew(self, needs);
      return { usable: false, renewedAtMs: self.monotonicMs(), expiresAtMs: null, away: false };
    },
    call: {
      status: (self) => ({
        usable: self.state.usable,
        storeAwayMs: self.state.away ? self.monotonicMs() - self.state.renewedAtMs : 0,
      }),
    },
    cast: {},
    info(self, info) {
      if (info.type === 'timeout') renew(self, needs);
      else if (info.type === 'done') renewed(self, needs, info.value as Session | null, info.error);
    },
    async terminate() {
      await needs.leases.endSession(needs.node, needs.boot);
    },
  });
}

function renew(self: Self<SessionState>, needs: SessionNeeds): void {
  self.pipe(needs.leases.renewSession(needs.node, needs.boot), 'renewed');
}

function renewed(
  self: Self<SessionState>,
  needs: SessionNeeds,
  answer: Session | null,
  error: unknown,
): void {
  const { state } = self;
  self.after(sessionRenewMs, 'renew');
  const nowMs = self.monotonicMs();
  if (answer !== null) {
    const isLapsed = state.expiresAtMs !== null && answer.databaseNowMs >= state.expiresAtMs;
    state.renewedAtMs = nowMs;
    state.expiresAtMs = answer.expiresAtMs;
    state.away = false;
    change(self, needs, true);
    if (isLapsed) needs.onLapse();
    return;
  }
  if (!state.away) self.log('warn', 'the session could not be renewed', { error: messageOf(error) });
  state.away = true;
  if (nowMs - state.renewedAtMs > storeAwayMsMax) change(self, needs, false);
}

function change(self: Self<SessionState>, needs: SessionNeeds, usable: boolean): void {
  if (self.state.usable === usable) return;
  self.state.usable = usable;
  needs.onChange(usable);
}
