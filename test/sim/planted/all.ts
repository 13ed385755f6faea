/** Every planted fault. */
import { certificateFaults } from './certificate-faults.ts';
import { childFaults } from './child-faults.ts';
import { guestFaults } from './guest-faults.ts';
import { memberFaults } from './member-faults.ts';
import { messageFaults } from './message-faults.ts';
import type { Planted } from './planted.ts';
import { registryFaults } from './registry-faults.ts';

export const plantedFaults: readonly Planted[] = [
  ...registryFaults,
  ...memberFaults,
  ...messageFaults,
  ...childFaults,
  ...certificateFaults,
  ...guestFaults,
];
