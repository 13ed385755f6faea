/**
 * Who may ask what: the judgement of a request's head, pure. A page of any site can make a browser send requests to
 * loopback; a name that it lets resolve to 127.0.0.1 makes the answers its own (DNS rebinding), and WebSockets know no
 * same-origin rule at all. So the Host must be this machine's own, and a socket's Origin the page that we served.
 */
import type { Refusal } from './errors.ts';

/** What the judgement reads of a request. `hosts`: every Host header as it came. */
export interface RequestHead {
  readonly method: string;
  /** The request target, not decoded. */
  readonly target: string;
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
}

const loopbackAddresses: readonly string[] = ['127.0.0.1', '::1'];
const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Until there is sign-in, whoever reaches the port sees everything: so only this machine may. */
export function isLoopbackAddress(host: string): boolean {
  return loopbackAddresses.includes(host);
}

/** Every value of the Host header that is ours; without a port only on HTTP's own. */
export function ownHosts(port: number): string[] {
  const withPort = loopbackHosts.map((host) => `${host}:${port}`);
  return port === 80 ? [...withPort, ...loopbackHosts] : withPort;
}

export function judgeHead(head: RequestHead, port: number): Refusal | null {
  return judgeHost(head.hosts, port) ?? judgeMethod(head.method) ?? judgeTarget(head.target);
}

/** As `judgeHead`, for a request that wants to become a WebSocket. */
export function judgeUpgrade(head: RequestHead, port: number): Refusal | null {
  const refused = judgeHead(head, port);
  if (refused !== null) return refused;
  if (head.method !== 'GET') return badMethod(head.method);
  if (pathOf(head.target) !== '/live') {
    return { status: 400, code: 'upgrade_refused', detail: 'only /live is a WebSocket' };
  }
  return judgeOrigin(head.origins, head.hosts[0]!);
}

/** The path of a target that was judged, without its query. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

function judgeHost(hosts: readonly string[], port: number): Refusal | null {
  const [host, ...more] = hosts;
  if (host !== undefined && more.length === 0 && ownHosts(port).includes(host.toLowerCase())) return null;
  const said = host === undefined ? 'none' : more.length > 0 ? 'several' : 'another';
  return {
    status: 421,
    code: 'wrong_host',
    detail: `the Host header must be ${ownHosts(port).slice(0, 3).join(' or ')}; this request has ${said}`,
  };
}

function judgeMethod(method: string): Refusal | null {
  return method === 'GET' || method === 'HEAD' ? null : badMethod(method);
}

function badMethod(method: string): Refusal {
  return {
    status: 405,
    code: 'method_not_allowed',
    detail: `${method} is not answered here; GET and HEAD are`,
  };
}

function judgeTarget(target: string): Refusal | null {
  if (target.startsWith('/')) return null;
  return { status: 400, code: 'bad_request', detail: 'the request target must be a path' };
}

/** No Origin at all is a program, not a page: browsers send one with every WebSocket. */
function judgeOrigin(origins: readonly string[], host: string): Refusal | null {
  const [origin, ...more] = origins;
  if (origin === undefined) return null;
  if (more.length === 0 && origin.toLowerCase() === `http://${host.toLowerCase()}`) return null;
  return {
    status: 403,
    code: 'foreign_origin',
    detail: 'only the page that this door serves may open its WebSocket',
  };
}
