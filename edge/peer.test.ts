import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TenantIdentity } from '../certs/index.ts';
import { gatewayMethods, pollerMethods } from '../proto/index.ts';
import { type EdgePeer, judgeClaim, peerOf } from './peer.ts';
import { judgeCall, judgeControl } from './peer-policy.ts';

const trustDomain = 'test.local';
const agent: EdgePeer = { tenantId: 'abcdefghijkl', role: 'agent', id: 'a', partition: 'default' };

describe('who a connection is of', () => {
  it("is what its certificate says; its partition is its own, its package's, or the default", () => {
    const { tenantId, role, id } = agent;
    const identity: TenantIdentity = { kind: 'tenant', trustDomain, tenantId, role, id };
    expect(peerOf(identity, null)).toMatchObject(agent);
    expect(peerOf(identity, 'branch')).toMatchObject({ ...agent, partition: 'branch' });
    expect(peerOf({ ...identity, partition: 'older' }, 'branch')).toMatchObject({
      ...agent,
      partition: 'older',
    });
  });
  it('is not what a message says, whatever it says', () => {
    expect(judgeClaim(agent, { id: '', partition: '' })).toBeNull();
    expect(judgeClaim(agent, { id: 'a', partition: 'default' })).toBeNull();
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary', maxLength: 40 }),
        (id, partition) => {
          const refusal = judgeClaim(agent, { id, partition });
          const isOwn = (id === '' || id === 'a') && (partition === '' || partition === 'default');
          expect(refusal?.code ?? null).toBe(isOwn ? null : 'identity_mismatch');
        },
      ),
    );
    const long = judgeClaim({ ...agent, partition: 'branch' }, { id: '', partition: 'p'.repeat(129) });
    expect(long?.code).toBe('identity_mismatch');
  });
});

describe('who may call what', () => {
  const paths = [gatewayMethods(), pollerMethods()].flatMap((methods) =>
    Object.values(methods).map(({ path }) => path),
  );
  it('is in the table for every rpc that is served, and for nobody else', () => {
    const allowed = (role: string) => paths.filter((path) => judgeCall({ ...agent, role }, path) === null);
    expect(allowed('agent')).toEqual(paths.filter((path) => path.includes('AgentGatewayService')));
    expect(allowed('poller')).toEqual(paths.filter((path) => path.includes('PollerService')));
    for (const role of ['checker', 'core', 'web', 'admin', '', 'constructor'])
      expect(allowed(role)).toEqual([]);
    expect(judgeCall(agent, 'constructor')?.code).toBe('not_allowed');
    expect(judgeCall(null, paths[0]!)?.code).toBe('no_identity');
  });
  it('on a control stream: a hello once and first; what is not known is read over', () => {
    expect(judgeControl(false, { payload: 'hello' })).toBeNull();
    expect(judgeControl(true, { payload: 'commandAck' })).toBeNull();
    expect(judgeControl(true, {})).toBeNull();
    expect(judgeControl(true, { payload: 'hello' })?.code).toBe('bad_control');
    expect(judgeControl(false, {})?.code).toBe('bad_control');
  });
});
