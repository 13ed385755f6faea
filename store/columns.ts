/**
 * From rows to columns: array parameters for `unnest`, and the checks that keep one bad row from failing a whole batch
 * inside the database. Numbers are written as array literals by hand, which the driver would quote one by one.
 */
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';

/** For a parameter cast to a numeric array type. */
export function numberColumn(values: readonly (number | null)[]): string {
  let text = '{';
  for (let i = 0; i < values.length; i += 1) {
    if (i > 0) text += ',';
    text += values[i] ?? 'NULL';
  }
  return `${text}}`;
}

/** For a parameter cast to text[]. PostgreSQL stores no U+0000, and one in a reason must not lose the batch. */
export function textColumn(values: readonly (string | null)[]): string {
  let text = '{';
  for (let i = 0; i < values.length; i += 1) {
    if (i > 0) text += ',';
    const value = values[i];
    text += value === null || value === undefined ? 'NULL' : quoted(value);
  }
  return `${text}}`;
}

function quoted(value: string): string {
  if (plain.test(value)) return `"${value}"`;
  const kept = value.replaceAll('\u0000', '\ufffd');
  return `"${kept.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

const plain = /^[\w .:/,;=@-]*$/;

/** Cut to what telemetry keeps, without leaving half of a surrogate pair. */
export function shortText(value: string | null): string | null {
  if (value === null || value.length <= limits.telemetryTextCharsMax) return value;
  return value.slice(0, limits.telemetryTextCharsMax).replace(/[\ud800-\udbff]$/, '');
}

export function assertInstant(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > limits.instantMsMax) {
    throw new StoreError('invalid_input', `${what} is not an instant in whole milliseconds: ${value}`);
  }
}

export function assertWhole(value: number, what: string, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new StoreError('invalid_input', `${what} is not a whole number from ${min} to ${max}: ${value}`);
  }
}
