/**
 * Judges a value before it is encoded: only the closed set may travel. What msgpackr would silently turn into something
 * else (functions, symbols, class instances, sets) is refused here, so the mistake is seen at the sender. Refs and errors
 * are replaced by their wire forms; a value without them is passed on as it is, not copied.
 */
import { ClusterError, type PayloadReason } from './errors.ts';
import { objectKeysMax, payloadBytesMax, payloadDepthMax, payloadElementsMax } from './limits.ts';

/** The two wire forms are classes because msgpackr chooses extensions by class. */
export class RefOnWire {
  readonly node: string;
  readonly boot: number;
  readonly id: number;

  constructor(node: string, boot: number, id: number) {
    this.node = node;
    this.boot = boot;
    this.id = id;
  }
}

export class ErrorOnWire {
  readonly code: string | null;
  readonly name: string;
  readonly message: string;

  constructor(code: string | null, name: string, message: string) {
    this.code = code;
    this.name = name;
    this.message = message;
  }
}

export function cannotEncode(reason: PayloadReason, detail: string, cause?: unknown): ClusterError {
  return new ClusterError('cannot_encode', detail, reason, cause);
}

const bigintMin = -(2n ** 63n);
const bigintMax = 2n ** 64n - 1n;

export class PayloadCheck {
  private readonly isRef: (value: unknown) => boolean;
  private readonly refOnWire: (ref: unknown) => RefOnWire;
  private elements = 0;
  private bytes = 0;
  private binaryBytes = 0;

  /** `refOnWire` may throw to refuse a ref. */
  constructor(isRef: (value: unknown) => boolean, refOnWire: (ref: unknown) => RefOnWire) {
    this.isRef = isRef;
    this.refOnWire = refOnWire;
  }

  /** The value to encode. Throws `cannot_encode` with a `PayloadReason`. */
  prepare(value: unknown): unknown {
    this.elements = 0;
    this.bytes = 0;
    this.binaryBytes = 0;
    return this.judge(value, 0);
  }

  /** What the value that was prepared last takes at most when it is encoded: a character three bytes, a head nine. */
  get roomBytes(): number {
    return this.binaryBytes + (this.bytes - this.binaryBytes) * 3 + this.elements * 9;
  }

  private judge(value: unknown, depth: number): unknown {
    if (++this.elements > payloadElementsMax)
      throw cannotEncode('too_many_elements', `over ${payloadElementsMax} values`);
    switch (typeof value) {
      case 'string':
        this.spend(value.length);
        return value;
      case 'number':
      case 'boolean':
      case 'undefined':
        return value;
      case 'object':
        return value === null ? null : this.judgeObject(value, depth);
      case 'bigint':
        if (value >= bigintMin && value <= bigintMax) return value;
        throw cannotEncode('bigint_too_large', 'a bigint beyond 64 bits');
      default:
        throw cannotEncode(typeof value as 'function' | 'symbol', `a ${typeof value} cannot travel`);
    }
  }

  private spend(count: number): void {
    this.bytes += count;
    if (this.bytes > payloadBytesMax) throw cannotEncode('too_large', `over ${payloadBytesMax} bytes`);
  }

  private judgeObject(value: object, depth: number): unknown {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Array.prototype) {
      judgeDepth(value, depth);
      return this.judgeArray(value as unknown[], depth + 1);
    }
    if (prototype === Object.prototype || prototype === null) {
      judgeDepth(value, depth);
      return this.judgePlain(value as Record<string, unknown>, depth + 1);
    }
    return this.judgeInstance(value);
  }

  private judgeArray(value: unknown[], depth: number): unknown {
    let copy: unknown[] | null = null;
    for (let i = 0; i < value.length; i++) {
      const one = value[i];
      const judged = this.judge(one, depth);
      if (judged === one || copy !== null) {
        if (copy !== null) copy[i] = judged;
      } else if (!Object.is(judged, one)) {
        copy = value.slice(0, i);
        copy[i] = judged;
      }
    }
    return copy ?? value;
  }

  private judgePlain(value: Record<string, unknown>, depth: number): unknown {
    let copy: Record<string, unknown> | null = null;
    let keys = 0;
    for (const key in value) {
      if (key === '__proto__') throw cannotEncode('forbidden_key', 'a key named __proto__');
      keys++;
      this.elements++;
      this.spend(key.length);
      const one = value[key];
      const judged = this.judge(one, depth);
      if (copy === null && judged !== one && !Object.is(judged, one)) copy = { ...value };
      if (copy !== null) copy[key] = judged;
    }
    if (keys > objectKeysMax) throw cannotEncode('too_large', `an object with ${keys} keys`);
    return copy ?? value;
  }

  private judgeInstance(value: object): unknown {
    if (value instanceof Uint8Array) {
      this.spend(value.byteLength);
      this.binaryBytes += value.byteLength;
      return value;
    }
    if (this.isRef(value)) return this.refOnWire(value);
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw cannotEncode('invalid_date', 'an invalid date');
      return value;
    }
    if (value instanceof Error) return errorOnWire(value);
    const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
    throw cannotEncode('class_instance', `an instance of ${String(name)}`);
  }
}

function judgeDepth(value: object, depth: number): void {
  if (depth < payloadDepthMax) return;
  // A cycle always comes this far: which of the two it is costs a second look only now.
  if (isCyclic(value)) throw cannotEncode('cyclic', 'a value that contains itself');
  throw cannotEncode('too_deep', `over ${payloadDepthMax} levels`);
}

/** The code is kept where it is a text, as in our errors and in Node's. The stack stays at home. */
function errorOnWire(error: Error): ErrorOnWire {
  const code = (error as { code?: unknown }).code;
  return new ErrorOnWire(typeof code === 'string' ? code : null, String(error.name), String(error.message));
}

/** Looks down the first path that is deeper than any payload may be: a cycle meets one of its own ancestors there. */
function isCyclic(value: object): boolean {
  const path = new Set<object>();
  const found = (one: unknown): boolean => {
    if (typeof one !== 'object' || one === null || ArrayBuffer.isView(one)) return false;
    if (path.has(one)) return true;
    if (path.size > payloadDepthMax) return false;
    path.add(one);
    let steps = 0;
    for (const inner of Object.values(one)) {
      if (++steps > payloadDepthMax) break;
      if (found(inner)) return true;
      if (path.size > payloadDepthMax) return false;
    }
    path.delete(one);
    return false;
  };
  return found(value);
}
