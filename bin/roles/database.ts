/** Opens the store of a core or web node, from `DATABASE_URL`, and with the node's key ring where it seals. */
import { phaseOf } from '../../actors/index.ts';
import { type LiveRing, openStore, type Store } from '../../store/index.ts';
import { CommandFailure } from '../failure.ts';
import type { RoleContext } from './role.ts';

export function openRoleStore(
  { environment, clock, logger, flags, watch }: RoleContext,
  keys?: LiveRing,
): Store {
  const url = environment.DATABASE_URL;
  if (url === undefined || url === '') {
    throw new CommandFailure(
      'no_database',
      `a ${flags.role} node needs DATABASE_URL (PostgreSQL 15 or later)`,
    );
  }
  return openStore({
    url,
    phaseOf,
    clock,
    log: logger,
    tracing: watch.tracer,
    ...(keys === undefined ? {} : { keys }),
  });
}
