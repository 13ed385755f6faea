import { expect, it } from 'vitest';
import { systemClock } from '../../runtime/index.ts';
import { rotateUnderLoad } from './rotation-scene.ts';

it('twenty agents stay and push while another key comes to sign, and what the old one signed ends with it', async () => {
  const clock = systemClock({ unref: true });
  const outcome = await rotateUnderLoad(20, clock, () => {});
  expect(outcome).toEqual({
    ...{ agents: 20, pushedBefore: 20, pushedAfter: 20, droppedByRotation: 0, renewedTaken: 10 },
    ...{ isOldPeerTaken: true, isNewPeerTaken: true, oldPutOut: 20, newDropped: 0, pushedByNew: 10 },
    ...{ oldRefusedWith: 'revoked', isOldPeerTakenAfter: false, results: 60 },
  });
});
