/**
 * The two sets of numbered migrations, in order. A new one is a new file and a new entry; an applied one never changes.
 */
import { createHash } from 'node:crypto';
import { platform0001 } from './platform-0001.ts';
import { platform0002 } from './platform-0002.ts';
import { platform0003 } from './platform-0003.ts';
import { platform0004 } from './platform-0004.ts';
import { platform0005 } from './platform-0005.ts';
import { platform0006 } from './platform-0006.ts';
import { platform0007 } from './platform-0007.ts';
import { platform0008 } from './platform-0008.ts';
import { platform0010 } from './platform-0010.ts';
import { platform0011 } from './platform-0011.ts';
import { platform0012 } from './platform-0012.ts';
import { platform0013 } from './platform-0013.ts';
import { tenant0001 } from './tenant-0001.ts';
import { tenant0002 } from './tenant-0002.ts';
import { tenant0003 } from './tenant-0003.ts';
import { tenant0004 } from './tenant-0004.ts';
import { tenant0005 } from './tenant-0005.ts';
import { tenant0006 } from './tenant-0006.ts';
import { tenant0007 } from './tenant-0007.ts';
import { tenant0008 } from './tenant-0008.ts';
import { tenant0009 } from './tenant-0009.ts';
import { tenant0010 } from './tenant-0010.ts';
import { tenant0011 } from './tenant-0011.ts';
import { tenant0012 } from './tenant-0012.ts';
import { tenant0013 } from './tenant-0013.ts';
import { tenant0014 } from './tenant-0014.ts';

export interface Migration {
  version: number;
  /** A few words of a-z and spaces: it goes into a statement. */
  name: string;
  sql: string;
  /**
   * Undoes it, run as `sql` is; what only the step held is lost. Null for a first step, under which nothing would be left.
   * Not part of the checksum: it may be mended after a release.
   */
  down: string | null;
}

export const platformMigrations: readonly Migration[] = [
  platform0001,
  platform0002,
  platform0003,
  platform0004,
  platform0005,
  platform0006,
  platform0007,
  platform0008,
  platform0010,
  platform0011,
  platform0012,
  platform0013,
];
export const tenantMigrations: readonly Migration[] = [
  tenant0001,
  tenant0002,
  tenant0003,
  tenant0004,
  tenant0005,
  tenant0006,
  tenant0007,
  tenant0008,
  tenant0009,
  tenant0010,
  tenant0011,
  tenant0012,
  tenant0013,
  tenant0014,
];

export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}
