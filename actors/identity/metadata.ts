/**
 * How much of an update's metadata is kept: one value at most 64 KiB, all at most 512 KiB, identifiers never cut, others from
 * the largest. Pure; identifiers are read before.
 */
import { identityLimits as limits } from './limits.ts';

/** Never cut: what they say would be another device's. */
const identifying: ReadonlySet<string> = new Set([
  'armis_device_id',
  'integration_id',
  'integration_type',
  'netbox_device_id',
  'serial',
  'canonical_device_id',
]);

/**
 * Inherits nothing, so that no key of a line can mean anything but itself, and is no dictionary as `Object.create(null)` is, which
 * takes four times the memory.
 */
export class MetadataBag {
  [key: string]: string;
}
Object.setPrototypeOf(MetadataBag.prototype, null);
Reflect.deleteProperty(MetadataBag.prototype, 'constructor');

/** The same object when all of it is kept. */
export function boundedMetadata(
  metadata: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  let totalBytes = 0;
  let isOver = false;
  for (const key in metadata) {
    const value = metadata[key]!;
    // Three bytes are the most that a UTF-16 unit takes: most updates are done after this.
    totalBytes += 3 * (key.length + value.length);
    isOver ||= 3 * value.length > limits.metadataValueBytesMax;
  }
  if (totalBytes <= limits.metadataBytesMax && !isOver) return metadata;
  return cut(Object.entries(metadata));
}

function cut(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const kept = entries.map(([key, value]) => ({
    key,
    value: identifying.has(key) ? value : cutText(value, limits.metadataValueBytesMax),
  }));
  let total = kept.reduce((sum, { key, value }) => sum + bytesOf(key) + bytesOf(value), 0);
  const largest = kept
    .filter(({ key }) => !identifying.has(key))
    .sort((a, b) => bytesOf(b.value) - bytesOf(a.value) || (a.key < b.key ? -1 : 1));
  for (const one of largest) {
    if (total <= limits.metadataBytesMax) break;
    const before = bytesOf(one.value);
    one.value = cutText(one.value, Math.max(0, before - (total - limits.metadataBytesMax)));
    total -= before - bytesOf(one.value);
  }
  return Object.fromEntries(kept.map(({ key, value }) => [key, value]));
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/** At most so many bytes, and no character in half. */
function cutText(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}
