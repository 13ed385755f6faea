/** Every check that a history runs. A check of another part of the product is plugged in here. */
import { certificates } from './certificates.ts';
import type { Check } from './check.ts';
import { children } from './children.ts';
import { childEvents } from './children-events.ts';
import { conflicts } from './conflicts.ts';
import { coordinator } from './coordinator.ts';
import { deaths } from './deaths.ts';
import { guests } from './guests.ts';
import { links, members, refutes } from './members.ts';
import { calls, monitors, streams } from './messages.ts';
import { names } from './names.ts';
import { standstill } from './standstill.ts';
import { tenants } from './tenants.ts';
import { watches } from './watches.ts';

export const checks: readonly Check[] = [
  refutes,
  names,
  watches,
  calls,
  monitors,
  streams,
  members,
  links,
  deaths,
  conflicts,
  tenants,
  coordinator,
  children,
  childEvents,
  standstill,
  certificates,
  guests,
];
