/**
 * Where archives lie: the port that a folder and a bucket implement, with one contract suite (`test/contract/
 * archive-place.ts`). An archive appears whole under its name or not at all. Fails with a StoreError `place_unusable`,
 * or `no_such_archive`.
 */
import type { Bytes } from './seal.ts';

export interface StoredArchive {
  name: string;
  bytes: number;
}

export interface ArchivePlace {
  /** For people: a path, or `s3://bucket/prefix`. */
  readonly label: string;
  /** Resolves with the number of bytes when they are kept for good; what fails or is killed leaves no archive. */
  write(name: string, bytes: Bytes): Promise<number>;
  /** From its beginning; ending early is fine. */
  read(name: string): Bytes;
  /** In no particular order. What is no archive is left out. */
  list(): Promise<StoredArchive[]>;
  /** One that is not there is no failure. */
  remove(name: string): Promise<void>;
}
