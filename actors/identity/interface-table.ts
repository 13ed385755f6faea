/**
 * A device's own interface table as one text: each interface once, in an order that is not the sender's, so that the same table is the
 * same text whoever writes it down in whichever order. For people: what of it identifies is read elsewhere. Pure.
 */
import { identityLimits as limits } from './limits.ts';

/** Name and MAC (in normal form) are empty where there is none, not both; addresses canonical, in order, each once. */
export type InterfaceEntry = readonly [name: string, mac: string, addresses: readonly string[]];

/** Null: it has neither name nor MAC, and nobody could say which one it is. */
export function interfaceEntry(
  name: unknown,
  mac: string | null,
  addresses: readonly string[],
): InterfaceEntry | null {
  const called = nameOf(name);
  if (called === '' && mac === null) return null;
  return [called, mac ?? '', boundedAddresses(addresses)];
}

/** Null: there are none. What is past the bounds is left out, the last by name first. */
export function tableText(entries: readonly InterfaceEntry[]): string | null {
  if (entries.length === 0) return null;
  let text = '';
  for (const entry of eachOnce([...entries].sort(byNameAndMac))) {
    const piece = JSON.stringify(entry);
    if (text.length + piece.length + 2 > limits.tableCharactersMax) break;
    text += text === '' ? `[${piece}` : `,${piece}`;
  }
  // Flat: a text that was put together holds on to its pieces.
  return Buffer.from(`${text}]`).toString();
}

export function entriesOf(text: string): InterfaceEntry[] {
  return JSON.parse(text) as InterfaceEntry[];
}

/** Both, in order, as many as are kept. */
export function withAddresses(a: readonly string[], b: readonly string[]): readonly string[] {
  if (b.length === 0 || b.every((one) => a.includes(one))) return a;
  return boundedAddresses([...a, ...b]);
}

function boundedAddresses(addresses: readonly string[]): readonly string[] {
  if (addresses.length <= 1) return addresses;
  return [...new Set(addresses)].sort().slice(0, limits.interfaceAddressesMax);
}

/** It identifies nobody: one that is too long is cut, and what is no text is none. */
function nameOf(said: unknown): string {
  const text = typeof said === 'number' ? String(said) : said;
  if (typeof text !== 'string') return '';
  const clean = plain.test(text)
    ? text
    : text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/\p{Surrogate}/gu, '\ufffd');
  const cut = clean.trim().slice(0, limits.interfaceNameCharactersMax);
  return cut.replace(/[\ud800-\udbff]$/, '').trimEnd();
}

const plain = /^[\x20-\x7e]*$/;

function byNameAndMac([a, macA]: InterfaceEntry, [b, macB]: InterfaceEntry): number {
  if (a !== b) return a < b ? -1 : 1;
  return macA < macB ? -1 : macA > macB ? 1 : 0;
}

function* eachOnce(sorted: readonly InterfaceEntry[]): Generator<InterfaceEntry> {
  let last = sorted[0]!;
  for (const one of sorted.slice(1)) {
    if (one[0] === last[0] && one[1] === last[1]) {
      last = [one[0], one[1], withAddresses(last[2], one[2])];
      continue;
    }
    yield last;
    last = one;
  }
  yield last;
}
