/** Names with where they lead as one short text, so that twenty nodes can compare thousands of them at every look. */
import { createHash } from 'node:crypto';

export function hashOfNames(names: readonly (readonly [id: string, node: string])[]): string {
  const lines = names.map(([id, node]) => `${id} ${node}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
