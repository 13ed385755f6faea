/**
 * The shape of a living value without its contents, and what kind of thing it is: for whoever looks into a running node. Runs
 * nobody's code (no getter, no trap of a proxy), and goes one level deep, so that it costs little whatever is there. Crash reports
 * have shape.ts, which goes one level further.
 */
import { types } from 'node:util';
import { printNameCharactersMax, sketchFieldsMax, sketchItemsMax } from './limits.ts';
import { isRef, type Ref } from './ref.ts';

export type RefText = (ref: Ref) => string;

const refText: RefText = (ref) => `ref ${ref}`;

/** `string(12)`, `Map(3)`, `array(0)`, `Device`, `ref core_1.7.12`. */
export function kindOf(value: unknown, ofRef: RefText = refText): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `string(${value.length})`;
  if (typeof value !== 'object') return typeof value;
  if (types.isProxy(value)) return 'Proxy';
  if (isRef(value)) return ofRef(value);
  if (Array.isArray(value)) return `array(${value.length})`;
  const size = sizeOf(value);
  const name = classNameOf(value) ?? 'object';
  return size === null ? (name === 'Object' ? 'object' : name) : `${name}(${size})`;
}

/** One line: the names of its fields, or its first items, each with its kind. */
export function sketch(value: unknown, charactersMax: number, ofRef: RefText = refText): string {
  return sketchOf(value, ofRef).slice(0, charactersMax);
}

/** Of a message: its arguments, each with its shape. */
export function sketchAll(
  values: readonly unknown[],
  charactersMax: number,
  ofRef: RefText = refText,
): string {
  const shown = values.slice(0, sketchFieldsMax).map((value) => sketchOf(value, ofRef));
  const rest = values.length > sketchFieldsMax ? `, ... ${values.length}` : '';
  return `(${shown.join(', ')}${rest})`.slice(0, charactersMax);
}

function sketchOf(value: unknown, ofRef: RefText): string {
  const kind = kindOf(value, ofRef);
  if (typeof value !== 'object' || value === null || types.isProxy(value) || isRef(value)) return kind;
  if (Array.isArray(value)) {
    if (value.length === 0) return kind;
    const items: string[] = [];
    for (let at = 0; at < value.length && at < sketchItemsMax; at += 1)
      items.push(ownKind(value, String(at), ofRef));
    return `[${items.join(', ')}${value.length > sketchItemsMax ? `, ... ${value.length}` : ''}]`;
  }
  if (sizeOf(value) !== null) return kind;
  const names = Object.keys(value);
  const fields = names
    .slice(0, sketchFieldsMax)
    .map((name) => `${name.slice(0, printNameCharactersMax)}: ${ownKind(value, name, ofRef)}`);
  const rest = names.length > sketchFieldsMax ? `, ... ${names.length} fields` : '';
  return `${kind === 'object' ? '' : kind}{${fields.join(', ')}${rest}}`;
}

function ownKind(value: object, name: string, ofRef: RefText): string {
  const property = Object.getOwnPropertyDescriptor(value, name);
  if (property === undefined) return 'nothing';
  return 'value' in property ? kindOf(property.value, ofRef) : 'getter';
}

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')!.get!;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')!.get!;

/** Of a collection or of bytes; null: it has fields, not a size. */
export function sizeOf(value: object): number | null {
  if (types.isMap(value)) return mapSize.call(value) as number;
  if (types.isSet(value)) return setSize.call(value) as number;
  if (types.isTypedArray(value)) return typedLength.call(value) as number;
  if (types.isArrayBuffer(value)) return arrayBufferBytes.call(value) as number;
  return null;
}

const typedLength = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  'length',
)!.get!;
const arrayBufferBytes = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')!.get!;

/** The name of its class, as far as it can be had without running anything; null for an object without one. */
export function classNameOf(value: object): string | null {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || types.isProxy(prototype)) return null;
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown;
  if (typeof made !== 'function' || types.isProxy(made)) return null;
  const name = Object.getOwnPropertyDescriptor(made, 'name')?.value as unknown;
  return typeof name === 'string' && name !== '' ? name.slice(0, printNameCharactersMax) : null;
}
