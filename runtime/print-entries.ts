/**
 * What a printed value consists of, one property at a time: fields, items, entries of collections, bytes, parts of a long text.
 * Between the printer (print.ts), which writes, and values that may be of any size and change meanwhile.
 */
import { types } from 'node:util';
import { printBytesPart, printHolesMax, printNameCharactersMax, printStringPart } from './limits.ts';
import { isSecretName } from './redaction.ts';
import { classNameOf, sizeOf } from './sketch.ts';

export interface Entry {
  /** What stands before the value: `"name": `. */
  readonly label: string;
  readonly value: unknown;
  readonly isSecret: boolean;
  /** It goes on where the entry before it ended: the value of a Map's key. */
  readonly joined?: boolean;
}

export interface Frame {
  /** Null: a text, which cannot contain itself. */
  readonly value: object | null;
  readonly open: string;
  readonly close: string;
  readonly isText: boolean;
  /** Entries so far. */
  written: number;
  /** A text is written as it is. `nothing`: a step without an outcome. */
  next(): Entry | string | 'nothing' | 'end';
}

export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Null: there is nothing in it to be shown. */
export function entriesOf(value: object | string): Frame | null {
  if (typeof value === 'string') return textFrame(value);
  if (Array.isArray(value)) return arrayFrame(value);
  if (types.isMap(value)) return mapFrame(value);
  if (types.isSet(value)) return setFrame(value);
  if (types.isAnyArrayBuffer(value)) return bytesFrame(value, Buffer.from(value));
  if (types.isUint8Array(value)) return bytesFrame(value, bytesOf(value));
  if (types.isTypedArray(value)) return numbersFrame(value as unknown as Numbers);
  if (types.isDate(value)) return dateFrame(value);
  return fieldsFrame(value);
}

type Next = Frame['next'];

function frame(value: object | null, open: string, close: string, next: Next, isText = false): Frame {
  return { value, open, close, isText, written: 0, next };
}

function textFrame(text: string): Frame {
  let at = 0;
  const next = () => {
    if (at >= text.length) return 'end';
    const part = text.slice(at, at + printStringPart);
    at += part.length;
    return JSON.stringify(part).slice(1, -1);
  };
  return frame(null, '"', '"', next, true);
}

function fieldsFrame(value: object): Frame {
  const names = Object.keys(value);
  // Errors keep theirs out of sight.
  if (types.isNativeError(value))
    for (const name of ['message', 'cause']) if (Object.hasOwn(value, name)) names.push(name);
  let at = 0;
  const next = () => {
    const name = names[at];
    if (name === undefined) return 'end';
    at += 1;
    const property = Object.getOwnPropertyDescriptor(value, name);
    if (property === undefined) return 'nothing';
    const label = `${quoted(shortName(name))}: `;
    const isSecret = isSecretName(name);
    return { label, value: 'value' in property ? property.value : getter, isSecret };
  };
  const name = classNameOf(value);
  return frame(value, name === null || name === 'Object' ? '{' : `${name} {`, '}', next);
}

const getter = '<getter>';

function arrayFrame(value: readonly unknown[]): Frame {
  const { length } = value;
  let [at, holes] = [0, 0];
  const empty = (): Entry => {
    const entry = { label: '', value: `<${holes} empty>`, isSecret: false };
    holes = 0;
    return entry;
  };
  const next = () => {
    if (at >= length || holes > printHolesMax) {
      if (holes === 0) return 'end';
      at = length;
      return empty();
    }
    const property = Object.getOwnPropertyDescriptor(value, String(at));
    if (property === undefined) {
      at += 1;
      holes += 1;
      return 'nothing';
    }
    if (holes > 0) return empty();
    at += 1;
    return { label: '', value: 'value' in property ? property.value : getter, isSecret: false };
  };
  return frame(value as object, '[', ']', next);
}

function mapFrame(value: Map<unknown, unknown>): Frame {
  const entries = Map.prototype.entries.call(value) as IterableIterator<[unknown, unknown]>;
  let held: Entry | null = null;
  const next = () => {
    if (held !== null) {
      const entry = held;
      held = null;
      return entry;
    }
    const { done, value: pair } = entries.next();
    if (done) return 'end';
    const [key, item] = pair as [unknown, unknown];
    const isSecret = typeof key === 'string' && isSecretName(key);
    held = { label: ' => ', value: item, isSecret, joined: true };
    return { label: '', value: key, isSecret: false };
  };
  return frame(value, `Map(${sizeOf(value)}) {`, '}', next);
}

function setFrame(value: Set<unknown>): Frame {
  const items = Set.prototype.values.call(value) as IterableIterator<unknown>;
  const next = () => {
    const { done, value: item } = items.next();
    return done ? 'end' : { label: '', value: item, isSecret: false };
  };
  return frame(value, `Set(${sizeOf(value)}) {`, '}', next);
}

function bytesFrame(value: object, bytes: Buffer): Frame {
  let at = 0;
  const next = () => {
    if (at >= bytes.length) return 'end';
    const part = bytes.toString('hex', at, at + printBytesPart);
    at += printBytesPart;
    return part;
  };
  return frame(value, `${classNameOf(value) ?? 'bytes'}(${bytes.length}) <`, '>', next, true);
}

/** The same bytes, seen past whatever fields somebody gave to this one. */
function bytesOf(value: Uint8Array): Buffer {
  const own = (name: string) => Object.getOwnPropertyDescriptor(typedArrays, name)!.get!.call(value) as never;
  return Buffer.from(own('buffer') as ArrayBuffer, own('byteOffset'), own('byteLength'));
}

const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as object;

type Numbers = object & { readonly length: number; readonly [index: number]: number | bigint };

function numbersFrame(value: Numbers): Frame {
  const length = sizeOf(value) ?? 0;
  let at = 0;
  const next = () => {
    if (at >= length) return 'end';
    at += 1;
    return { label: '', value: value[at - 1], isSecret: false };
  };
  return frame(value, `${classNameOf(value) ?? 'numbers'}(${length}) [`, ']', next);
}

function dateFrame(value: Date): Frame {
  const ms = Date.prototype.getTime.call(value);
  const text = Number.isNaN(ms) ? 'invalid' : new Date(ms).toISOString();
  return frame(value, `Date <${text}`, '>', () => 'end', true);
}

function shortName(name: string): string {
  return name.length > printNameCharactersMax ? `${name.slice(0, printNameCharactersMax)}...` : name;
}
