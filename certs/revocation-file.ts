/**
 * Revocation lists as a file holds them, and what goes on counting when the file changes: a revocation is for ever, so a
 * list that is emptied, cut short or put back as it was last week takes none of them away.
 */
import { corrupt, readText } from './durable-files.ts';
import { limits } from './limits.ts';
import { type RevocationList, readRevocationLists } from './revocation.ts';

const remedy = 'restore it, or copy it again';

/**
 * All lists of a PEM file, at least one: a file without any was cut short. @throws CertsError missing_file,
 * corrupt_file, io_failed
 */
export async function readRevocationFile(path: string): Promise<readonly RevocationList[]> {
  const text = await readText(path, remedy, limits.revocationPemBytesMax);
  const lists: RevocationList[] = [];
  for (const block of blocksOf(text)) {
    const read = readRevocationLists(block);
    if (!read.ok) throw corrupt(path, read.error.detail, remedy);
    lists.push(...read.lists);
    if (lists.length > limits.revocationListsMax)
      throw corrupt(path, `more than ${limits.revocationListsMax} revocation lists`, remedy);
    // A long list takes some 30 ms: whoever reads many of them does other things between two.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  if (lists.length === 0) throw corrupt(path, 'no revocation list in it', remedy);
  return lists;
}

/** Pieces of one block each, with what stands before it; the last may be a block that was cut short. */
function* blocksOf(text: string): Generator<string> {
  const end = '-----END X509 CRL-----';
  for (let from = 0; from < text.length; ) {
    const at = text.indexOf(end, from);
    const to = at < 0 ? text.length : at + end.length;
    yield text.slice(from, to);
    from = to;
  }
}

/**
 * The newest list of each authority, of those that count now and those that were read; of two of one moment the one that
 * was read. At most `revocationListsMax`, those that were read first.
 */
export function newestLists(
  held: readonly RevocationList[],
  fresh: readonly RevocationList[],
): readonly RevocationList[] {
  const newest = new Map(fresh.map((list) => [ownerOf(list), list]));
  for (const list of held) {
    const other = newest.get(ownerOf(list));
    if (other === undefined || other.thisUpdateMs < list.thisUpdateMs) newest.set(ownerOf(list), list);
  }
  return [...newest.values()].slice(0, limits.revocationListsMax);
}

/** Authorities that followed each other bear one name and have different keys. */
function ownerOf({ issuer, authorityKeyId }: RevocationList): string {
  return `${Buffer.from(issuer.encoded).toString('base64')} ${authorityKeyId ?? ''}`;
}
