/** Many agents at two gateways while their tenant's authority is replaced: none of them may notice. */
import { systemClock } from '../../runtime/index.ts';
import { rotateUnderLoad } from '../edge/rotation-scene.ts';

/** What is wrong, or null. */
export async function soakEdgeRotation(agents: number, say: (text: string) => void): Promise<string | null> {
  const outcome = await rotateUnderLoad(agents, systemClock(), (text) => say(`edge-rotation: ${text}`));
  say(`edge-rotation: ${JSON.stringify(outcome)}`);
  const { pushedAfter, droppedByRotation, renewedTaken, newDropped, oldPutOut, oldRefusedWith } = outcome;
  if (droppedByRotation > 0 || pushedAfter < agents) return 'an agent was lost when another key came to sign';
  if (renewedTaken < Math.ceil(agents / 2) || newDropped > 0)
    return 'an agent of the new authority was not served';
  return oldPutOut === agents && oldRefusedWith === 'revoked'
    ? null
    : 'what the retired one signed counts yet';
}
