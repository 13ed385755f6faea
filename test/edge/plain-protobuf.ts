/**
 * Protobuf by hand, from field numbers alone (protobuf.dev/programming-guides/encoding): the other side of the contract,
 * without a line that the product uses.
 */

export type Field =
  | readonly [number: number, value: string | Uint8Array]
  | readonly [number: number, value: number | bigint | boolean];

export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'string' || value instanceof Uint8Array) {
        const bytes = Buffer.from(value as string);
        return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
      }
      return Buffer.concat([varint(number * 8), varint(value)]);
    }),
  );
}

/** Two's complement for what is below zero, in ten bytes. */
export function varint(value: number | bigint | boolean): Buffer {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

/** What is in a message, by field number, in order: numbers and bytes. */
export function fieldsOf(bytes: Buffer): Map<number, (number | Buffer)[]> {
  const found = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const read = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at]!;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const tag = read();
    const length = tag % 8 === 2 ? read() : null;
    const value = length === null ? read() : bytes.subarray(at, at + length);
    at += length ?? 0;
    const field = Math.floor(tag / 8);
    found.set(field, [...(found.get(field) ?? []), value]);
  }
  return found;
}

export function textOf(bytes: Buffer, field: number): string {
  return String(fieldsOf(bytes).get(field)?.[0] ?? '');
}
