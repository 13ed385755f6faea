/** The gateway's port with real TLS and gRPC on loopback: who gets which of the two servers, and when a connection ends. */
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect } from 'node:tls';
import {
  ChannelCredentials,
  type Client,
  makeGenericClientConstructor,
  Server,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import {
  type Credential,
  createAuthority,
  createIntermediate,
  createRevocationList,
  inspectPem,
  issueLeaf,
  issueNode,
  noPolicy,
  type RevocationList,
  readRevocationLists,
  rootsOf,
} from '../certs/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import { enrollmentMethods, gatewayMethods } from '../proto/index.ts';
import { systemClock } from '../runtime/index.ts';
import { Callers } from './callers.ts';
import { EdgeListener } from './listener.ts';
import { Admission } from './listener-admission.ts';
import type { KnownDoor } from './listener-contract.ts';
import { handshakesAtOnce } from './listener-limits.ts';

const trustDomain = 'example.org';
const tenantId = 'k7mzq2wn5xjd';
const clock = systemClock();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Answers a hello with who the connection is of. */
function helloDoor(): KnownDoor {
  const server = new Server();
  const callers = new Callers();
  server.addService(gatewayMethods(), {
    hello(call: ServerUnaryCall<object, object>, done: sendUnaryData<object>) {
      const { id, partition } = callers.of(call)!.peer;
      done(null, { agentId: id, message: partition });
    },
  });
  return {
    methods: [gatewayMethods()],
    take: (connection, peer) =>
      server.createConnectionInjector(callers.credentialsOf(peer)).injectConnection(connection),
    drain: async () => server.forceShutdown(),
  };
}

async function world() {
  const authority = await createAuthority(trustDomain, clock);
  const intermediate = (of: typeof authority) =>
    createIntermediate(of.root, trustDomain, { kind: 'tenant', tenantId }, clock);
  const issuer = await intermediate(authority);
  const credential = await issueNode(authority, { role: 'poller', name: 'poller_1' }, clock);
  const issue = (id: string, lifetimeMs?: number, by = issuer) =>
    issueLeaf(
      authority.root,
      by,
      { identity: { kind: 'tenant', trustDomain, tenantId, role: 'agent', id }, lifetimeMs },
      clock,
    );
  const lists: RevocationList[] = [];
  const answers = new Map<string, () => unknown>();
  const asked: string[] = [];
  const ask = async (_core: string, procedure: string, argument: unknown) => {
    asked.push(procedure);
    const { serial = '' } = argument as { serial?: string };
    return (answers.get(serial) ?? answers.get('') ?? (() => ({ partition: 'north' })))();
  };
  const listener = new EdgeListener({
    listen: '127.0.0.1:0',
    clock,
    log() {},
    trust: {
      trustDomain,
      credential: () => credential,
      roots: () => rootsOf(credential),
      policy: () => noPolicy,
      revocationLists: () => lists,
    },
    admission: new Admission({ cores: () => ['core_1'], ask }),
    enrolment: {
      methods: enrollmentMethods(),
      handlers: {
        enroll: (_call: unknown, done: sendUnaryData<object>) => done(null, { partition: 'enrolled' }),
      },
    },
    known: helloDoor(),
  });
  const address = await listener.listen();
  ends.push(() => listener.close());
  const revoke = async (serial: string) => {
    const read = readRevocationLists(await createRevocationList(issuer, [serial], clock));
    if (read.ok) lists.push(...read.lists);
    listener.trustChanged();
  };
  const other = await intermediate(await createAuthority(trustDomain, clock));
  return { listener, address, credential, issue, revoke, answers, asked, other };
}

/** Calls as an agent's library does, with or without a certificate. */
async function call(address: string, roots: string, method: 'hello' | 'enroll', own: Credential | null) {
  const methods = method === 'hello' ? gatewayMethods() : enrollmentMethods();
  const pair = own === null ? [null, null] : [Buffer.from(own.privateKeyPem), Buffer.from(own.chainPem)];
  const credentials = ChannelCredentials.createSsl(Buffer.from(roots), pair[0], pair[1], {
    checkServerIdentity: () => undefined,
  });
  const Made = makeGenericClientConstructor(methods, 'x');
  const client = new Made(address, credentials, { 'grpc.ssl_target_name_override': 'gateway' }) as Client & {
    [name: string]: (asked: object, done: (error: ServiceError | null, answer?: object) => void) => void;
  };
  ends.push(() => client.close());
  return await new Promise<object | string>((done) =>
    client[method]!({}, (error, answer) =>
      done(error === null ? answer! : `${status[error.code]} ${error.details.split(':')[0]}`),
    ),
  );
}

test('who has no certificate may enrol and nothing else', async () => {
  const { address, credential } = await world();
  expect(await call(address, credential.rootsPem, 'enroll', null)).toMatchObject({ partition: 'enrolled' });
  expect(await call(address, credential.rootsPem, 'hello', null)).toBe('UNAUTHENTICATED no_identity');
});

test('a bearer of the tenant gets the services, which know who it is and the partition of its package', async () => {
  const { address, credential, issue, asked } = await world();
  const own = await issue('edge_1');
  expect(await call(address, credential.rootsPem, 'hello', own)).toMatchObject({
    agentId: 'edge_1',
    message: 'north',
  });
  expect(await call(address, credential.rootsPem, 'enroll', own)).toBe(
    'UNIMPLEMENTED The server does not implement the method /picket.edge.v1.Enrollment/Enroll',
  );
  expect(asked).toEqual(['edge_bearer', 'edge_bearer']);
});

test('a certificate that does not count is refused with its verdict: of another authority, of a node, of an ended package', async () => {
  const { address, credential, issue, other, answers } = await world();
  const stranger = await issue('edge_1', undefined, other);
  expect(await call(address, credential.rootsPem, 'hello', stranger)).toBe(
    'UNAUTHENTICATED unknown_authority',
  );
  expect(await call(address, credential.rootsPem, 'hello', credential)).toBe('UNAUTHENTICATED not_allowed');
  answers.set('', () => {
    throw new ProcedureError('package_revoked', 'over');
  });
  expect(await call(address, credential.rootsPem, 'hello', await issue('edge_2'))).toBe(
    'UNAUTHENTICATED package_revoked',
  );
});

test('while no core answers, who was let in before comes back, and nobody else', async () => {
  const { address, credential, issue, answers } = await world();
  const [known, fresh] = [await issue('edge_1'), await issue('edge_2')];
  await call(address, credential.rootsPem, 'hello', known);
  answers.set('', () => {
    throw new Error('away');
  });
  expect(await call(address, credential.rootsPem, 'hello', known)).toMatchObject({ message: 'north' });
  expect(await call(address, credential.rootsPem, 'hello', fresh)).toBe('UNAUTHENTICATED core_away');
});

async function link(address: string, own: Credential) {
  const port = Number(address.split(':')[1]);
  const options = {
    host: '127.0.0.1',
    port,
    cert: own.chainPem,
    key: own.privateKeyPem,
    rejectUnauthorized: false,
  };
  const session = connectHttp2(`https://${address}`, {
    createConnection: () => connect({ ...options, ALPNProtocols: ['h2'] }),
  });
  session.on('error', () => {});
  ends.push(() => session.destroy());
  const closed = new Promise<string>((done) => session.once('close', () => done('closed')));
  await new Promise<void>((done) => session.once('remoteSettings', () => done()));
  return { closed, isOpen: () => !session.closed && !session.destroyed };
}

const serialOf = (own: Credential) => {
  const read = inspectPem(own.chainPem);
  return read.ok && 'serial' in read.certificates[0]! ? read.certificates[0].serial : '';
};

test('a revoked certificate, an ended package and one past its end lose their connections; others keep theirs', async () => {
  const { address, issue, revoke, listener } = await world();
  const owns = [
    await issue('edge_1'),
    await issue('edge_2'),
    await issue('edge_3', 4_000),
    await issue('edge_4'),
  ];
  const [revoked, ended, short, stays] = await Promise.all(owns.map((own) => link(address, own)));
  await revoke(serialOf(owns[0]!));
  expect(await revoked!.closed).toBe('closed');
  listener.putOut(serialOf(owns[1]!));
  expect(await ended!.closed).toBe('closed');
  expect(await short!.closed).toBe('closed');
  expect(stays!.isOpen()).toBe(true);
});

test('no session that a bearer could have saved is resumed by one without a certificate', async () => {
  const { address, issue } = await world();
  const own = await issue('edge_1');
  const port = Number(address.split(':')[1]);
  const dial = async (more: object) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      ...more,
    });
    ends.push(() => socket.destroy());
    const sessions: Buffer[] = [];
    socket.on('session', (session) => sessions.push(session));
    await new Promise<void>((done) => socket.once('secureConnect', () => done()));
    await new Promise<void>((done) => socket.once('data', () => done()));
    return { socket, sessions };
  };
  const good = await dial({ cert: own.chainPem, key: own.privateKeyPem });
  const saved = [...good.sessions, good.socket.getSession()].filter((one) => one !== undefined);
  expect(saved.length).toBeGreaterThan(0);
  for (const session of saved) {
    const { socket } = await dial({ session });
    expect([socket.isSessionReused(), socket.getProtocol()]).toEqual([false, 'TLSv1.3']);
  }
});

test('handshakes that fail, of whatever kind, leave their places to the next', async () => {
  const { address, credential, issue } = await world();
  const port = Number(address.split(':')[1]);
  const kinds: ((socket: Socket) => void)[] = [
    (socket) => socket.write('no hello at all, and long enough to be one'),
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    (socket) => {
      // The beginning of one, and then nothing more.
      socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]));
      setTimeout(() => socket.resetAndDestroy(), 50);
    },
  ];
  const ended: Promise<void>[] = [];
  for (let at = 0; at < 4 * handshakesAtOnce; at += 1) {
    const socket = connectTcp({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    socket.resume();
    ended.push(new Promise((done) => socket.once('close', () => done())));
    socket.once('connect', () => kinds[at % kinds.length]!(socket));
  }
  await Promise.all(ended);
  const own = await issue('edge_1');
  expect(await call(address, credential.rootsPem, 'hello', own)).toMatchObject({ agentId: 'edge_1' });
});
