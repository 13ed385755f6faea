/** What every LeaseStore promises: one holder at a time, epochs that only rise, takeover only from a session that ended. */
import { expect, test } from 'vitest';
import { newTenant, type StoreSetup, unique } from './store-setup.ts';

export function leaseStoreContract(setupOf: () => StoreSetup): void {
  const alive = async (node = unique('core'), boot = 1) => {
    await setupOf().leases.renewSession(node, boot);
    return { node, boot, ask: (tenantId: string) => setupOf().leases.acquire(tenantId, node, boot) };
  };

  test('a session lives four seconds past its renewal on the database clock', async () => {
    const session = await setupOf().leases.renewSession(unique('core'), 7);
    expect(session.expiresAtMs - session.databaseNowMs).toBe(4_000);
  });

  test('a free lease is granted, and its holder asking again keeps its epoch', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    expect(await a.ask(tenantId)).toMatchObject({ granted: true, epoch: 1 });
    expect(await a.ask(tenantId)).toMatchObject({ granted: true, epoch: 1 });
  });

  test('a living holder is not taken over from, and the refusal says whom to wait for and until when', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    const b = await alive();
    await a.ask(tenantId);
    const session = await setupOf().leases.renewSession(a.node, a.boot);
    expect(await b.ask(tenantId)).toMatchObject({
      granted: false,
      holder: a.node,
      holderBoot: a.boot,
      expiresAtMs: session.expiresAtMs,
    });
  });

  test('a holder whose session expired is taken over from with a higher epoch', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    const b = await alive();
    await a.ask(tenantId);
    await setupOf().expireSession(a.node);
    expect(await b.ask(tenantId)).toMatchObject({ granted: true, epoch: 2 });
    await setupOf().leases.renewSession(a.node, a.boot);
    expect(await a.ask(tenantId)).toMatchObject({ granted: false, holder: b.node });
  });

  test('an expired session whose lease nobody took is revived with the same epoch', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    await a.ask(tenantId);
    await setupOf().expireSession(a.node);
    await setupOf().leases.renewSession(a.node, a.boot);
    expect(await a.ask(tenantId)).toMatchObject({ granted: true, epoch: 1 });
  });

  test('a later boot of the same node takes over at once', async () => {
    const tenantId = await newTenant(setupOf());
    const first = await alive();
    await first.ask(tenantId);
    const second = await alive(first.node, 2);
    expect(await second.ask(tenantId)).toMatchObject({ granted: true, epoch: 2 });
  });

  test('a later boot of the holding node frees its leases for others too', async () => {
    const tenantId = await newTenant(setupOf());
    const first = await alive();
    await first.ask(tenantId);
    await alive(first.node, 2);
    const other = await alive();
    expect(await other.ask(tenantId)).toMatchObject({ granted: true, epoch: 2 });
  });

  test('an earlier boot gets neither the session back nor a lease', async () => {
    const tenantId = await newTenant(setupOf());
    const first = await alive();
    await alive(first.node, 2);
    await expect(setupOf().leases.renewSession(first.node, 1)).rejects.toMatchObject({
      code: 'session_lost',
    });
    await expect(first.ask(tenantId)).rejects.toMatchObject({ code: 'session_lost' });
  });

  test('a node without a live session gets no lease', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    await setupOf().expireSession(a.node);
    await expect(a.ask(tenantId)).rejects.toMatchObject({ code: 'session_lost' });
  });

  test('ending a session frees all its leases at once', async () => {
    const tenants = [await newTenant(setupOf()), await newTenant(setupOf())];
    const a = await alive();
    const b = await alive();
    for (const tenantId of tenants) await a.ask(tenantId);
    await setupOf().leases.endSession(a.node, a.boot);
    for (const tenantId of tenants) expect(await b.ask(tenantId)).toMatchObject({ granted: true, epoch: 2 });
  });

  test('ending the session of an earlier boot leaves the later one alone', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive(unique('core'), 2);
    await a.ask(tenantId);
    await setupOf().leases.endSession(a.node, 1);
    expect(await (await alive()).ask(tenantId)).toMatchObject({ granted: false, holder: a.node });
  });

  test('a released lease is free, and its next epoch is higher, also for the one that released it', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    await a.ask(tenantId);
    await setupOf().leases.release(tenantId, a.node, a.boot, 1);
    expect(await a.ask(tenantId)).toMatchObject({ granted: true, epoch: 2 });
  });

  test('a release under no stated epoch gives back what is held, and nothing that another holds', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    const b = await alive();
    await a.ask(tenantId);
    await setupOf().leases.release(tenantId, b.node, b.boot, null);
    expect(await b.ask(tenantId)).toMatchObject({ granted: false, holder: a.node });
    await setupOf().leases.release(tenantId, a.node, a.boot, null);
    expect(await b.ask(tenantId)).toMatchObject({ granted: true, epoch: 2 });
  });

  test('a release under another epoch or by another node does nothing', async () => {
    const tenantId = await newTenant(setupOf());
    const a = await alive();
    const b = await alive();
    await a.ask(tenantId);
    await setupOf().leases.release(tenantId, a.node, a.boot, 2);
    await setupOf().leases.release(tenantId, b.node, b.boot, 1);
    expect(await b.ask(tenantId)).toMatchObject({ granted: false, holder: a.node });
  });

  test('of many nodes that ask for one lease at once exactly one gets it', async () => {
    const tenantId = await newTenant(setupOf());
    const nodes = await Promise.all(Array.from({ length: 8 }, () => alive()));
    const answers = await Promise.all(nodes.map((node) => node.ask(tenantId)));
    expect(answers.filter((answer) => answer.granted)).toHaveLength(1);
    const holder = nodes[answers.findIndex((answer) => answer.granted)]!.node;
    for (const answer of answers) if (!answer.granted) expect(answer.holder).toBe(holder);
  });
}
