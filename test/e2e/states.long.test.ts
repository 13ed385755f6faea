import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CheckRow, type Cluster, cluster, type ResultRow, until } from './picket.ts';
import {
  type DnsTarget,
  dnsTarget,
  type HttpTarget,
  httpTarget,
  icmpMissing,
  type TcpTarget,
  tcpTarget,
} from './targets.ts';

/** How long a state may take before a test gives up: no expectation of speed. */
const stateMs = 30_000;

let picket: Cluster;
let tcp: TcpTarget;
let http: HttpTarget;
let dns: DnsTarget;
const ids = new Map<string, string>();

interface Explanation {
  subject: string;
  state: string;
  because: string[];
}

async function add(name: string, ...flags: string[]): Promise<void> {
  const timing = ['--interval', '1s', '--timeout', '500ms'];
  const row = await picket.ask<CheckRow>('check', 'add', '--name', name, ...timing, ...flags);
  expect(row).toMatchObject({ name, state: 'unknown' });
  ids.set(name, row.id);
}

beforeAll(async () => {
  [tcp, http, dns, picket] = await Promise.all([
    tcpTarget(),
    httpTarget(),
    dnsTarget('192.0.2.7'),
    cluster(),
  ]);
  await picket.up();
  const page = `http://127.0.0.1:${http.port}/`;
  const server = `server=127.0.0.1:${dns.port}`;
  await add('tcp', '--kind', 'tcp', '--target', '127.0.0.1', '--port', String(tcp.port), '--retries', '4');
  await add(
    'http',
    '--kind',
    'http',
    '--target',
    page,
    '--retries',
    '2',
    '--set',
    'expect_status=200',
    '--set',
    'body_contains=systems go',
  );
  await add(
    'dns',
    '--kind',
    'dns',
    '--target',
    'name.example',
    '--retries',
    '2',
    '--set',
    'record=A',
    '--set',
    'expect=192.0.2.7',
    '--set',
    server,
  );
  await add('icmp', '--kind', 'icmp', '--target', '127.0.0.1', '--retries', '2');
  // The broadcast address of loopback: it belongs to this machine, and nothing answers for it.
  await add('icmp silent', '--kind', 'icmp', '--target', '127.255.255.255', '--retries', '2');
});
afterAll(async () => {
  await Promise.all([picket.close(), tcp.close(), http.close(), dns.close()]);
});

async function rowOf(name: string): Promise<CheckRow> {
  const rows = await picket.ask<CheckRow[]>('check', 'list');
  return rows.find(({ id }) => id === ids.get(name))!;
}

const explain = (name: string) => picket.ask<Explanation>('explain', 'check', ids.get(name)!);

/** Oldest first, without those that nothing ran for. */
async function resultsOf(name: string): Promise<ResultRow[]> {
  const rows = await picket.ask<ResultRow[]>('results', '--check', ids.get(name)!);
  return rows.reverse().filter(({ started_at }) => started_at !== null);
}

/** Awaits the state with a reason, and gives what is said of it. */
function explained(name: string, state: string, reason: string): Promise<Explanation> {
  return until(`${name} is ${state} for "${reason}"`, stateMs, async () => {
    const answer = await explain(name);
    return answer.state === state && answer.because[0]!.includes(reason) && answer;
  });
}

describe('a tcp check', () => {
  test('is run each second, and is up after its like results in a row', async () => {
    const { because } = await explained('tcp', 'up', '4 results in a row success');
    expect(because.join('\n')).toMatch(/no gaps in the last day|gaps that reach into the last day/);
    const results = await until('six results', stateMs, async () => {
      const rows = await resultsOf('tcp');
      return rows.length >= 6 && rows;
    });
    const dues = results.map(({ due_at }) => Date.parse(due_at));
    expect(dues.slice(1).map((due, at) => due - dues[at]!)).toEqual(dues.slice(1).map(() => 1_000));
    expect(results.map(({ status }) => status)).toEqual(results.map(() => 'success'));
    expect((await rowOf('tcp')).since).toBe(results[3]!.due_at);
  });

  test('is down when its listener is gone for as many results as it must be, and says so at each moment', async () => {
    await tcp.close();
    const doubt = await until('the first results that say down', stateMs, async () => {
      const answer = await explain('tcp');
      return answer.because.some((why) => why.endsWith('say down')) && answer;
    });
    expect(doubt.state).toBe('up');
    expect(doubt.because).toContainEqual(
      expect.stringMatching(/^the last [1-3] of 4 results needed for a change say down$/),
    );
    expect(doubt.because.join('\n')).toContain('critical (connection refused)');
    const { because } = await explained('tcp', 'down', '4 results in a row critical: connection refused');
    const failed = (await resultsOf('tcp')).filter(({ status }) => status === 'critical');
    expect(await rowOf('tcp')).toMatchObject({ state: 'down', since: failed[3]!.due_at });
    expect(because[0]).toContain(failed[3]!.due_at);
  });

  test('is up again when its listener is back', async () => {
    await tcp.open();
    await until('the first results that say up', stateMs, async () => {
      const { state, because } = await explain('tcp');
      return state === 'down' && because.some((why) => /^the last [1-3] of 4 .* say up$/.test(why));
    });
    await explained('tcp', 'up', '4 results in a row success');
  });
});

describe('an http check', () => {
  test('is down for a wrong status, and up again for the right one', async () => {
    await explained('http', 'up', 'success');
    http.answer = { status: 503, body: 'all systems go' };
    await explained('http', 'down', 'expected status 200, got 503');
    http.answer = { status: 200, body: 'all systems go' };
    await explained('http', 'up', 'success');
  });

  test('is down for a body without the text', async () => {
    http.answer = { status: 200, body: 'out of order' };
    await explained('http', 'down', 'body does not contain "systems go"');
  });
});

describe('a dns check', () => {
  test('is down for a wrong answer, and up again for the right one', async () => {
    await explained('dns', 'up', 'success');
    dns.address = '192.0.2.8';
    await explained('dns', 'down', 'expected 192.0.2.7, got 192.0.2.8');
    dns.address = '192.0.2.7';
    await explained('dns', 'up', 'success');
  });

  test('is down for a server that does not answer, and for one that is gone', async () => {
    dns.address = null;
    await explained('dns', 'down', 'timeout');
    dns.address = '192.0.2.7';
    await explained('dns', 'up', 'success');
    await dns.close();
    const { because } = await explained('dns', 'down', 'critical');
    expect(because[0]).toContain(`connection refused by DNS server 127.0.0.1:${dns.port}`);
  });
});

describe('an icmp check', () => {
  test('is up where something answers, and down where nothing does', async (context) => {
    const missing = icmpMissing();
    context.skip(missing !== null, missing ?? '');
    await explained('icmp', 'up', 'success');
    const { because } = await explained('icmp silent', 'down', '2 results in a row');
    expect(because[0]).not.toContain('skipped');
  });
});
