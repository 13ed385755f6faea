/**
 * The shape of a value without its contents: what a crash report may show of a message and a state. Names of fields
 * and sizes, never strings or numbers, since those may be somebody's secret.
 */
import { isRef } from './ref.ts';

const fieldsMax = 12;
const depthMax = 2;

export function shapeOf(value: unknown, charactersMax: number): string {
  return describe(value, 0).slice(0, charactersMax);
}

function describe(value: unknown, depth: number): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `string(${value.length})`;
  if (typeof value !== 'object') return typeof value;
  if (isRef(value)) return `ref ${value}`;
  if (Array.isArray(value)) {
    if (depth >= depthMax || value.length === 0) return `array(${value.length})`;
    const shown = value.slice(0, 4).map((item) => describe(item, depth + 1));
    return `[${shown.join(', ')}${value.length > 4 ? `, ... ${value.length}` : ''}]`;
  }
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name}(${value.size})`;
  const keys = Object.keys(value);
  const name = value.constructor?.name ?? 'object';
  if (depth >= depthMax) return `${name}(${keys.length})`;
  const fields = keys
    .slice(0, fieldsMax)
    .map((key) => `${key}: ${describe((value as Record<string, unknown>)[key], depth + 1)}`);
  return `${name === 'Object' ? '' : name}{${fields.join(', ')}${keys.length > fieldsMax ? ', ...' : ''}}`;
}
