/**
 * Judges a check's target when it is added: what is malformed, and what is literally a forbidden address, is refused
 * at the door with words that say what to do. It looks nothing up, so a name may pass here and still be refused on
 * each run, when the address behind it is known (`locate.ts`). Settings are judged by `validateSettings`.
 */
import { type Address, parseHost } from './address.ts';
import { allowed, badCheck, notAllowed, type Verdict } from './errors.ts';
import { judge, type TargetPolicy } from './guard.ts';
import { limits } from './limits.ts';
import type { CheckRequest } from './outcome.ts';
import { readDnsSettings, settingNames } from './settings.ts';

export type JudgedRequest = Pick<CheckRequest, 'kind' | 'target' | 'port' | 'settings'>;

export function judgeTarget(request: JudgedRequest, policy: TargetPolicy): Verdict {
  const { kind, target, port } = request;
  if (!Object.hasOwn(settingNames, kind))
    return badCheck(`"${kind}" is no kind of check; use tcp, http, icmp or dns`);
  if (typeof target !== 'string' || target === '')
    return badCheck('the target is empty; name a host, an address or a URL');
  if (target.length > limits.targetCharsMax) {
    return badCheck(`the target is longer than ${limits.targetCharsMax} characters`);
  }
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u.test(target)) {
    return badCheck('the target holds a space or a control character; take it out');
  }
  if (target.startsWith('-')) return badCheck('the target begins with "-"; no host name does');
  if (kind === 'tcp') {
    if (port === null || !Number.isInteger(port) || port < 1 || port > 65_535) {
      return badCheck('a tcp check needs a port from 1 to 65535');
    }
    return judgeHost(target, policy);
  }
  if (port !== null) return badCheck(portRefusal[kind]);
  if (kind === 'icmp') return judgeHost(target, policy);
  if (kind === 'http') return judgeUrl(target, policy);
  return judgeQuestion(request, policy);
}

const portRefusal = {
  icmp: 'an icmp check has no port; leave it out',
  http: 'an http check has its port in the URL, as in http://host:8080/; leave out the port',
  dns: 'a dns check has no port; name the server as server=HOST:PORT',
} as const;

/** A URL that a check may ask for, on the first request and on every redirect. */
export function judgeUrl(text: string, policy: TargetPolicy): Verdict {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return badCheck('the target is not a URL; write it as http://host/path');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return badCheck(`the scheme ${url.protocol.slice(0, 32)} is not checked; use http: or https:`);
  }
  if (url.username !== '' || url.password !== '') {
    return badCheck('the URL holds credentials, which everyone who sees the check would read; take them out');
  }
  if (url.port === '0') return badCheck('port 0 is none; use a port from 1 to 65535');
  return judgeHost(url.hostname, policy);
}

/** The question of a dns check is a name, asked of a resolver and not connected to; its server is a target like any other. */
function judgeQuestion(request: JudgedRequest, policy: TargetPolicy): Verdict {
  const settings = readDnsSettings(request.settings);
  if (!settings.ok) return badCheck(settings.detail);
  const host = parseHost(request.target);
  if (host.kind === 'malformed') return badCheck(`the target is not a name: ${host.detail}`);
  if (host.kind === 'address' && settings.value.record !== 'PTR') {
    return badCheck('the target of a dns check is a name; only record=PTR takes an address');
  }
  return settings.value.server === null ? allowed : judgeHost(settings.value.server.host, policy);
}

function judgeHost(text: string, policy: TargetPolicy): Verdict {
  const host = parseHost(text);
  if (host.kind === 'malformed') return badCheck(`the target is not a host: ${host.detail}`);
  if (host.kind === 'address') return judge(host satisfies Address, policy);
  // RFC 6761 §6.3: these names are loopback everywhere.
  if (!policy.allowAll && (host.name === 'localhost' || host.name.endsWith('.localhost'))) {
    return notAllowed(
      `${host.name} is this node itself, which shared nodes do not check; use an agent of your own, in a partition other than default`,
    );
  }
  return allowed;
}
