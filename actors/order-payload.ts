/** What travels with an order to an agent and back: an object of JSON, or bytes of a stranger that are none. Pure. */

/** Null: it is none. */
export function readObject(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
