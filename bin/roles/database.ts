/** Opens the store of a core or web node, from `DATABASE_URL`. */
import { phaseOf } from '../../actors/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { CommandFailure } from '../failure.ts';
import type { RoleContext } from './role.ts';

export function openRoleStore({ environment, clock, logger, flags }: RoleContext): Store {
  const url = environment.DATABASE_URL;
  if (url === undefined || url === '') {
    throw new CommandFailure(
      'no_database',
      `a ${flags.role} node needs DATABASE_URL (PostgreSQL 15 or later)`,
    );
  }
  return openStore({ url, phaseOf, clock, log: logger });
}
