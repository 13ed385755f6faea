/**
 * The questions of one listing: each is made with the authorization that there is, again after a failure that may pass, and again
 * with a new token when the old one is not taken any more. The same question is asked again, never the next: nothing is doubled or lost.
 */
import type { Authorization, Authorize, PageAsk } from './dialect.ts';
import { fault, isFault, type SourceFault } from './errors.ts';
import { type Answered, askJson, type Question, type RequestNeeds } from './json-request.ts';
import { limits } from './limits.ts';
import { decideRetry } from './retry.ts';

export interface AskingNeeds extends RequestNeeds {
  readonly random: { next(): number };
  readonly caPem: string | null;
  readonly authorize: Authorize;
  /** False: what opens the other side does not run out, or there is no way to a new one. */
  readonly renews: boolean;
}

export interface Asking {
  ask(ask: PageAsk): Promise<{ readonly body: unknown } | SourceFault>;
  readonly counts: { requests: number; retries: number; tokens: number };
}

export function openAsking(needs: AskingNeeds): Asking {
  const { clock, random, caPem, signal } = needs;
  const endsAtMs = clock.monotonicMs() + limits.listingMsMax;
  const counts = { requests: 0, retries: 0, tokens: 0 };
  let authorization: Authorization | null = null;

  /** Again while it may help. `isUnauthorized` comes back to who has the token. */
  async function persist(question: Omit<Question, 'timeoutMs' | 'caPem'>): Promise<Answered> {
    for (let attempt = 1; ; attempt += 1) {
      const leftMs = endsAtMs - clock.monotonicMs();
      if (leftMs <= 0) return tooLong;
      counts.requests += 1;
      const timeoutMs = Math.min(limits.requestMsMax, leftMs);
      const answered = await askJson({ ...question, caPem, timeoutMs }, needs);
      if (answered.ok || answered.isUnauthorized) return answered;
      const { retryAfterMs } = answered;
      const chance = random.next();
      const left = endsAtMs - clock.monotonicMs();
      const decided = decideRetry({ fault: answered.fault, attempt, retryAfterMs, leftMs: left, chance });
      if (!decided.again) return withAttempts(answered, attempt);
      counts.retries += 1;
      if (!(await pause(decided.afterMs))) return cancelled;
    }
  }

  /** False: called off meanwhile. */
  function pause(ms: number): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (whole: boolean) => {
        stop();
        signal.removeEventListener('abort', onAbort);
        resolve(whole);
      };
      const onAbort = () => end(false);
      const stop = clock.timer(ms, () => end(true));
      signal.addEventListener('abort', onAbort);
    });
  }

  async function authorized(): Promise<Authorization | SourceFault> {
    counts.tokens += 1;
    return await needs.authorize(async (url, form) => {
      const answered = await persist({ url, form, headers: {} });
      return answered.ok ? { body: answered.body } : answered.fault;
    });
  }

  return {
    counts,
    async ask({ url }) {
      for (let tokens = 0; ; tokens += 1) {
        if (authorization === null) {
          const given = await authorized();
          if (isFault(given)) return given;
          authorization = given;
        }
        const answered = await persist({ url, form: null, headers: authorization.headers });
        if (answered.ok) return { body: answered.body };
        if (!answered.isUnauthorized || !needs.renews || tokens >= limits.tokensOfPageMax)
          return answered.fault;
        authorization = null;
      }
    },
  };
}

const tooLong: Answered = {
  ok: false,
  fault: fault('listing_timeout', `a listing takes at most ${limits.listingMsMax / 60_000} minutes`),
  isUnauthorized: false,
  retryAfterMs: null,
};

const cancelled: Answered = {
  ok: false,
  fault: fault('cancelled', 'the listing was called off'),
  isUnauthorized: false,
  retryAfterMs: null,
};

function withAttempts(answered: Answered & { ok: false }, attempts: number): Answered {
  if (attempts === 1) return answered;
  const { code, detail } = answered.fault;
  return { ...answered, fault: fault(code, `${detail}, ${attempts} times in a row`) };
}
