/**
 * The dns check: asks for a record of a name and compares the answers. With `server=` that server alone is asked, once,
 * and its address is a target like any other; without, A and AAAA come from the system (which reads the hosts file) and
 * other records from the system's DNS servers. `dns-answer.ts` turns records into text.
 */
import { Resolver } from 'node:dns/promises';
import { type Address, parseHost } from './address.ts';
import { ask, matches, reverseName } from './dns-answer.ts';
import { badCheck } from './errors.ts';
import { errorCode, failureOutcome } from './failure.ts';
import { limits } from './limits.ts';
import { endedOutcome, locate, lookUp, type Run } from './locate.ts';
import { type CheckOutcome, type CheckRequest, failed, refused, succeeded, timedOut } from './outcome.ts';
import { type DnsSettings, readDnsSettings } from './settings.ts';

export async function checkDns(request: CheckRequest, run: Run): Promise<CheckOutcome> {
  const settings = readDnsSettings(request.settings);
  if (!settings.ok) return refused(badCheck(settings.detail));
  const name = questionOf(request.target, settings.value);
  if (name === null)
    return refused(badCheck('the target of a dns check is a name; only record=PTR takes an address'));
  const { server, record } = settings.value;
  if (server === null && (record === 'A' || record === 'AAAA')) {
    const startedMs = run.clock.monotonicMs();
    const looked = await lookUp(name, record === 'A' ? 4 : 6, run);
    return 'status' in looked
      ? looked
      : judgeAnswers(looked, settings.value, run.clock.monotonicMs() - startedMs);
  }
  if (server === null) return askServer(name, settings.value, null, run);
  const located = await locate(server.host, run);
  if (located.outcome !== undefined) return located.outcome;
  return askServer(name, settings.value, endpoint(located.addresses[0], server.port), run);
}

/** Null for an address where only a name will do. */
function questionOf(target: string, settings: DnsSettings): string | null {
  const host = parseHost(target);
  if (host.kind === 'name') return host.name;
  return host.kind === 'address' && settings.record === 'PTR' ? reverseName(host) : null;
}

async function askServer(
  name: string,
  settings: DnsSettings,
  server: string | null,
  run: Run,
): Promise<CheckOutcome> {
  // c-ares rounds its timeout up to as much as twice; the deadline cancels it on time.
  const resolver = new Resolver({ timeout: Math.max(1, Math.ceil(run.deadline.remainingMs())), tries: 1 });
  if (server !== null) resolver.setServers([server]);
  const startedMs = run.clock.monotonicMs();
  const asked = await run.deadline.stage<{ answers: string[] } | { error: unknown }>((settle) => {
    ask(resolver, name, settings.record).then(
      (answers) => settle({ answers }),
      (error: unknown) => settle({ error }),
    );
    return () => resolver.cancel();
  });
  if (asked === null) return endedOutcome(run);
  if ('error' in asked) return serverFailure(asked.error, settings, server, run);
  return judgeAnswers(asked.answers, settings, run.clock.monotonicMs() - startedMs);
}

function judgeAnswers(answers: readonly string[], settings: DnsSettings, latencyMs: number): CheckOutcome {
  if (answers.length === 0) return failed(`no ${settings.record} record`, latencyMs);
  const { expect } = settings;
  if (expect === null || answers.some((answer) => matches(settings.record, answer, expect)))
    return succeeded(latencyMs);
  const shown = answers.slice(0, limits.dnsAnswersShownMax).join(', ');
  const more =
    answers.length > limits.dnsAnswersShownMax
      ? ` and ${answers.length - limits.dnsAnswersShownMax} more`
      : '';
  return failed(`expected ${expect}, got ${shown}${more}`, latencyMs);
}

function serverFailure(error: unknown, settings: DnsSettings, server: string | null, run: Run): CheckOutcome {
  const who = server === null ? 'the DNS server' : `DNS server ${server}`;
  switch (errorCode(error)) {
    case 'ENOTFOUND':
      return failed('name not found');
    case 'ENODATA':
      return failed(`no ${settings.record} record`);
    case 'ESERVFAIL':
      return failed(`${who} failed to answer (SERVFAIL)`);
    case 'EREFUSED':
      return failed(`${who} refused to answer (REFUSED)`);
    case 'ENOTIMP':
    case 'EFORMERR':
    case 'EBADRESP':
      return failed(`${who} gave a malformed answer`);
    case 'ECONNREFUSED':
      return failed(`connection refused by ${who}`);
    case 'ETIMEOUT':
      return timedOut(run.timeoutMs);
    default:
      return failureOutcome(error);
  }
}

function endpoint(address: Address, port: number): string {
  return address.family === 6 ? `[${address.text}]:${port}` : `${address.text}:${port}`;
}
