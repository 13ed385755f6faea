/**
 * A core that takes tenants' nodes, and a customer's node with a valid certificate that does as it likes, over real TLS.
 * For the tests of the fence; judges nothing itself.
 */
import {
  createAuthority,
  createIntermediate,
  issueNode,
  issueOperator,
  issueTenantNode,
  type KeyedCertificate,
  type TenantNodeRole,
} from '../../certs/index.ts';
import { defineActor, type Ref, systemClock } from '../../runtime/index.ts';
import { connectOperator, type LinkView, type RunningNode, startNode, tlsTransport } from '../index.ts';
import { FreePeer } from './free-peer.ts';

export const clock = systemClock();
export const tenantA = 'abcdefghijkl';
export const tenantB = 'bbcdefghijkl';
export const evilName = `${tenantA}.evil`;
export const listen = '127.0.0.1:0';
export const tenantAccess = { holds: ['poller', 'topic'], doors: ['scheduler', 'topic'] };
export const ending: (() => unknown)[] = [];

/** For `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of ending.splice(0)) await end();
}

export interface EchoProtocol {
  start: [];
  call: { echo(value: unknown): unknown; touched(): number };
  cast: { note(value: unknown): void };
}

/** Counts everything that ever reached it. */
export const echo = () =>
  defineActor<{ touched: number }, EchoProtocol>({
    name: 'echo',
    init: () => ({ touched: 0 }),
    call: {
      echo(self, value) {
        self.state.touched += 1;
        return value;
      },
      touched: (self) => self.state.touched,
    },
    cast: {
      note(self) {
        self.state.touched += 1;
      },
    },
    info(self) {
      self.state.touched += 1;
    },
  });

interface LogLine {
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

export async function scene(access = tenantAccess) {
  const ca = await createAuthority('example.org', clock);
  const logs: LogLine[] = [];
  const log = (_level: string, message: string, fields: LogLine['fields']) =>
    void logs.push({ message, fields });
  const superseded: string[] = [];
  const onSuperseded = (detail: string) => void superseded.push(detail);
  const core = await startNode({
    ...{ credential: await issueNode(ca, { role: 'core', name: 'core_1' }, clock), listen, log },
    ...{ tenantAccess: access, onSuperseded },
  });
  ending.push(() => core.stop());
  const intermediate = async (tenantId: string) =>
    await createIntermediate(ca.root, ca.trustDomain, { kind: 'tenant', tenantId }, clock);
  const signers: Readonly<Record<string, KeyedCertificate>> = {
    [tenantA]: await intermediate(tenantA),
    [tenantB]: await intermediate(tenantB),
  };
  const credential = (tenantId: string, name: string, role: TenantNodeRole = 'poller') => {
    const node = { trustDomain: ca.trustDomain, tenantId, role, name };
    return issueTenantNode(ca.root, signers[tenantId]!, node, clock);
  };
  const spawn = (tenant: string, kind: string) => {
    const ref = core.system.spawn(echo()) as Ref<EchoProtocol>;
    core.names.register({ tenant, partition: 'default', kind, id: 'x' }, ref, {});
    return ref;
  };
  const door = spawn(tenantA, 'scheduler');
  const others = {
    inner: spawn(tenantA, 'tenant'),
    ofB: spawn(tenantB, 'scheduler'),
    ofPlatform: spawn('platform', 'writer'),
    nameless: core.system.spawn(echo()) as Ref<EchoProtocol>,
  };
  const evil = await FreePeer.connect(await credential(tenantA, 'evil'), core.address, 77);
  ending.push(() => evil.end());
  await evil.until(() => evil.of('heartbeat').length > 0);
  const credentialOfAnn = await issueOperator(ca, { name: 'ann', rights: ['read'] }, clock);
  const { trustDomain } = ca;
  const transport = tlsTransport({
    ...{ credential: () => credentialOfAnn, trustDomain, listen: null, clock, log: () => {} },
  });
  const ann = await connectOperator(transport, clock, core.address);
  ending.push(() => ann.close());
  const rows = async () => {
    const links = (await ann.call('links', null)) as LinkView[];
    return links.filter(({ name }) => name === evilName);
  };
  return {
    ...{ ca, core, credential, door, others, evil, logs, rows, ann },
    isSuperseded: () => superseded.length > 0,
    /** What was refused so far, once the door has answered: all that was sent before has been judged by then. */
    async refused() {
      await reached(evil, core, door);
      return (await rows())[0]?.fenced ?? {};
    },
    touched: async () =>
      await Promise.all(Object.values(others).map((ref) => core.system.call(ref).touched())),
  };
}

let calls = 1_000;

/** A call to the door, and its answer. */
export async function reached(evil: FreePeer, core: RunningNode, door: Ref): Promise<void> {
  calls += 1;
  const callId = calls;
  evil.routed('call', { toBoot: core.boot, toId: door.id, callId }, ['echo', [callId]]);
  const isAnswer = () => evil.routedOf('reply').some((frame) => frame.callId === callId);
  await evil.until(() => isAnswer() || evil.isClosed);
  if (!isAnswer()) throw new Error('the link ended, and the door did not answer');
}
