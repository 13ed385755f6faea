/**
 * For which ends of a link its peer is asked less often: it was refused, or broke the rules. Who goes, is late or is
 * replaced is not. Pure; what follows is handshake-rate.ts's.
 */

const blamed: ReadonlySet<string> = new Set([
  'refused',
  'fenced',
  'not_a_node',
  'frame_malformed',
  'frame_too_large',
  'cannot_decode',
  'too_many',
  'protocol_version',
]);

export function isBlamed(code: string): boolean {
  return blamed.has(code);
}
