/**
 * The http check: asks for a URL and judges status and body. Redirects are judged as answers unless `follow_redirects`
 * allows hops; each hop is a new target for the guard. The latency runs from the first lookup to the moment the answer
 * was judged; without `body_contains` that is at its headers, and no body is read. `http-request.ts` makes one request.
 */
import { badCheck } from './errors.ts';
import { failureOutcome } from './failure.ts';
import { type Answer, requestOnce } from './http-request.ts';
import { limits } from './limits.ts';
import { endedOutcome, locate, type Run } from './locate.ts';
import { type CheckOutcome, type CheckRequest, failed, refused, succeeded, untold } from './outcome.ts';
import { type HttpSettings, readHttpSettings } from './settings.ts';
import { judgeUrl } from './target.ts';

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

export async function checkHttp(request: CheckRequest, run: Run): Promise<CheckOutcome> {
  const settings = readHttpSettings(request.settings);
  if (!settings.ok) return refused(badCheck(settings.detail));
  const startedMs = run.clock.monotonicMs();
  let target = request.target;
  for (let hop = 0; ; hop += 1) {
    const verdict = judgeUrl(target, run.guard);
    if (!verdict.allowed)
      return hop === 0 ? refused(verdict) : untold(`${verdict.code}: redirected: ${verdict.detail}`);
    const url = new URL(target);
    const located = await locate(url.hostname, run);
    if (located.outcome !== undefined) return located.outcome;
    const mayFollow = settings.value.followRedirects > 0;
    const answer = await run.deadline.stage<Answer>((settle) =>
      requestOnce(
        url,
        located.addresses,
        settings.value,
        (status) => !(mayFollow && redirectStatuses.includes(status)) && accepts(settings.value, status),
        settle,
      ),
    );
    if (answer === null) return endedOutcome(run);
    if (answer.kind === 'error') return failureOutcome(answer.error);
    const next = mayFollow && redirectStatuses.includes(answer.status) ? nextTarget(answer, url) : null;
    if (next === null) return judgeAnswer(answer, settings.value, run.clock.monotonicMs() - startedMs);
    if (hop === settings.value.followRedirects) {
      return failed(
        `more than ${settings.value.followRedirects} redirects`,
        run.clock.monotonicMs() - startedMs,
      );
    }
    target = next;
  }
}

/** Null for an answer that names nowhere to go, which is then judged as it is. */
function nextTarget(answer: Answer & { kind: 'answer' }, from: URL): string | null {
  if (answer.location === null) return null;
  return URL.canParse(answer.location, from.href) ? new URL(answer.location, from).href : answer.location;
}

function accepts(settings: HttpSettings, status: number): boolean {
  return settings.expectStatus.some(([from, to]) => status >= from && status <= to);
}

function judgeAnswer(
  answer: Answer & { kind: 'answer' },
  settings: HttpSettings,
  latencyMs: number,
): CheckOutcome {
  if (!accepts(settings, answer.status)) {
    return failed(`expected status ${settings.expectStatusText}, got ${answer.status}`, latencyMs);
  }
  if (settings.bodyContains === null || answer.body === 'matched') return succeeded(latencyMs);
  if (answer.body === 'encoded') {
    return untold('the body is compressed although plain was asked for, so body_contains cannot be judged');
  }
  const shown =
    settings.bodyContains.length > 80 ? `${settings.bodyContains.slice(0, 77)}...` : settings.bodyContains;
  const where = answer.body === 'cut' ? ` in its first ${limits.httpBodyBytesMax} bytes` : '';
  return failed(`body does not contain "${shown}"${where}`, latencyMs);
}
