/**
 * What every CoordinatorStore promises: one holder at a time for the whole cluster, epochs that only rise, takeover only
 * from a session that ended. There is one lease in a database, so each test begins with it free.
 */
import { beforeEach, expect, test } from 'vitest';
import { type StoreSetup, unique } from './store-setup.ts';

export function coordinatorStoreContract(setupOf: () => StoreSetup): void {
  let last = 0;
  const alive = async (node = unique('core'), boot = 1) => {
    await setupOf().leases.renewSession(node, boot);
    return { node, boot, ask: (known = 0) => setupOf().coordinator.take(node, boot, known) };
  };
  /** Takes it and gives its epoch. */
  const taken = async (by: { ask(known?: number): Promise<unknown> }, known = 0) => {
    const answer = (await by.ask(known)) as { granted: boolean; epoch: number };
    expect(answer.granted).toBe(true);
    return answer.epoch;
  };

  beforeEach(async () => {
    const sweeper = await alive();
    const answer = await sweeper.ask();
    if (!answer.granted) await setupOf().expireSession(answer.holder);
    last = await taken(sweeper);
    await setupOf().leases.endSession(sweeper.node, sweeper.boot);
  });

  test('a free lease is granted with a higher epoch, and its holder asking again keeps it', async () => {
    const a = await alive();
    expect(await taken(a)).toBe(last + 1);
    const session = await setupOf().leases.renewSession(a.node, a.boot);
    expect(await a.ask()).toMatchObject({
      granted: true,
      epoch: last + 1,
      expiresAtMs: session.expiresAtMs,
    });
  });

  test('a living holder is not taken over from, and the refusal says whom to wait for and until when', async () => {
    const a = await alive();
    const b = await alive();
    const epoch = await taken(a);
    const { expiresAtMs } = await setupOf().leases.renewSession(a.node, a.boot);
    expect(await b.ask()).toMatchObject({ granted: false, holder: a.node, epoch, expiresAtMs });
  });

  test('a holder whose session expired is taken over from, and does not get it back', async () => {
    const a = await alive();
    const b = await alive();
    const epoch = await taken(a);
    await setupOf().expireSession(a.node);
    expect(await taken(b)).toBe(epoch + 1);
    await setupOf().leases.renewSession(a.node, a.boot);
    expect(await a.ask()).toMatchObject({ granted: false, holder: b.node, epoch: epoch + 1 });
  });

  test('an expired session whose lease nobody took is revived with the same epoch', async () => {
    const a = await alive();
    const epoch = await taken(a);
    await setupOf().expireSession(a.node);
    await expect(a.ask()).rejects.toMatchObject({ code: 'session_lost' });
    await setupOf().leases.renewSession(a.node, a.boot);
    expect(await taken(a)).toBe(epoch);
  });

  test('a later boot of the holder takes over at once, and the earlier one has no say any more', async () => {
    const first = await alive();
    const epoch = await taken(first);
    const second = await alive(first.node, 2);
    expect(await taken(second)).toBe(epoch + 1);
    await expect(first.ask()).rejects.toMatchObject({ code: 'session_lost' });
    await setupOf().coordinator.release(first.node, first.boot, epoch);
    expect(await taken(second)).toBe(epoch + 1);
  });

  test('the end of its session and a release free it; a release under another epoch does nothing', async () => {
    const a = await alive();
    const b = await alive();
    const epoch = await taken(a);
    await setupOf().coordinator.release(a.node, a.boot, epoch - 1);
    await setupOf().coordinator.release(b.node, b.boot, epoch);
    expect(await b.ask()).toMatchObject({ granted: false, holder: a.node });
    await setupOf().coordinator.release(a.node, a.boot, epoch);
    expect(await taken(b)).toBe(epoch + 1);
    await setupOf().leases.endSession(b.node, b.boot);
    expect(await taken(a)).toBe(epoch + 2);
  });

  test('an epoch that was heard of is passed, also by a holder, as after a restore from a copy', async () => {
    const a = await alive();
    const epoch = await taken(a, last + 40);
    expect(epoch).toBe(last + 41);
    expect(await taken(a, last + 50)).toBe(last + 51);
    expect(await taken(a, last + 51)).toBe(last + 51);
  });

  test('of many nodes that ask at once for a free lease, or for a lapsed one, exactly one gets it', async () => {
    for (const lapsed of [false, true]) {
      const former = await alive();
      const epoch = await taken(former);
      if (lapsed) await setupOf().expireSession(former.node);
      else await setupOf().leases.endSession(former.node, former.boot);
      const nodes = await Promise.all(Array.from({ length: 8 }, () => alive()));
      const answers = await Promise.all(nodes.map((node) => node.ask()));
      expect(answers.filter(({ granted }) => granted)).toHaveLength(1);
      const holder = nodes[answers.findIndex(({ granted }) => granted)]!;
      for (const answer of answers) {
        expect(answer.epoch).toBe(epoch + 1);
        if (!answer.granted) expect(answer.holder).toBe(holder.node);
      }
      await setupOf().leases.endSession(holder.node, holder.boot);
    }
  });
}
