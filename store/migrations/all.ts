/**
 * The two sets of numbered migrations, in order. A new one is a new file and a new entry; an applied one never changes.
 */
import { createHash } from 'node:crypto';
import { platform0001 } from './platform-0001.ts';
import { platform0002 } from './platform-0002.ts';
import { platform0003 } from './platform-0003.ts';
import { tenant0001 } from './tenant-0001.ts';

export interface Migration {
  version: number;
  /** A few words of a-z and spaces: it goes into a statement. */
  name: string;
  sql: string;
}

export const platformMigrations: readonly Migration[] = [platform0001, platform0002, platform0003];
export const tenantMigrations: readonly Migration[] = [tenant0001];

export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}
