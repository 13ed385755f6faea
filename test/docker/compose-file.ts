/** docker/compose.yaml as the tests read it: anchors and merges resolved, nothing interpolated. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../tidy/tree.ts';

export interface Composed {
  readonly image: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly privileged?: boolean;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Composed>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

export const composeText = readFileSync(join(root, 'docker/compose.yaml'), 'utf8');
export const dockerfileText = readFileSync(join(root, 'docker/Dockerfile'), 'utf8');

export function composeFile(): ComposeFile {
  return parse(composeText, { merge: true }) as ComposeFile;
}
