/**
 * What was told, as the files of a debug bundle, and what is said about it. Pure. Everything is looked through once more here,
 * whoever told it: an older node may know fewer secrets than this command.
 */
import type { DebugView } from '../debug-procedures.ts';
import { bundleFileBytesMax } from '../limits.ts';
import type { Answer, Asked } from './ask-all.ts';
import { type Redactions, redactText, redactValue } from './redact.ts';
import type { TarEntry } from './tar-file.ts';

export interface BundleFacts extends Asked {
  readonly madeAt: string;
  readonly picket: string;
  /** Whoever answered first. */
  readonly through: string;
  readonly nodes: readonly string[];
  /** Texts of the limits of this version, by room. */
  readonly limits: Readonly<Record<string, string>>;
}

export interface Bundle {
  readonly files: readonly TarEntry[];
  readonly redactions: Redactions;
  readonly missing: readonly string[];
  readonly summary: string;
}

export function debugContents(facts: BundleFacts): Bundle {
  const redactions: Redactions = {};
  const texts = new Map<string, string>();
  const missing = facts.missing.map(({ node, what, why }) =>
    redactText(`${node || 'cluster'}: ${what}: ${why}`),
  );
  const put = (name: string, text: string) => {
    const bytes = Buffer.byteLength(text);
    if (bytes <= bundleFileBytesMax) texts.set(name, text);
    else missing.push(`${name}: ${bytes} bytes are too many`);
  };
  const json = (value: unknown) => `${JSON.stringify(redactValue(value, redactions), null, 1)}\n`;
  for (const answer of facts.answers) {
    for (const [name, value] of filesOf(answer, missing, redactions))
      put(name, typeof value === 'string' ? redactText(value, redactions) : json(value));
  }
  for (const [room, text] of Object.entries(facts.limits)) put(`limits/${room}.txt`, text);
  const { madeAt, picket, through, nodes } = facts;
  const names = [...texts.keys()].sort();
  const about = { made_at: madeAt, picket, through, nodes, files: names, missing, redacted: redactions };
  texts.set('summary.json', `${JSON.stringify(about, null, 1)}\n`);
  const summary = told(facts, names, missing, redactions);
  texts.set('README.txt', summary);
  const files = [...texts].map(([name, text]) => ({ name, mode: 0o600, bytes: Buffer.from(text) }));
  return { files, redactions, missing, summary };
}

type File = readonly [name: string, value: unknown];

function filesOf({ node, what, value }: Answer, missing: string[], redactions: Redactions): File[] {
  const at = (name: string) => (node === '' ? `cluster/${name}` : `nodes/${node}/${name}`);
  if (what === 'metrics') return [[at('metrics.txt'), (value as { text?: string }).text ?? '']];
  if (what !== 'about') return [[at(`${what}.json`), value]];
  const { about, names, log, redactions: before } = value as DebugView;
  for (const [kind, count] of Object.entries(before))
    redactions[kind] = (redactions[kind] ?? 0) + Number(count);
  if (log.text === null) missing.push(`${node}: log: ${log.why}`);
  const files: File[] = [
    [at('about.json'), about],
    [at('names.json'), names],
  ];
  return log.text === null ? files : [...files, [at('log.txt'), log.text]];
}

/** One line for each folder. */
function byFolder(names: readonly string[]): string[] {
  const folders = new Map<string, string[]>();
  for (const name of names) {
    const at = name.lastIndexOf('/') + 1;
    const folder = name.slice(0, at);
    folders.set(folder, [...(folders.get(folder) ?? []), name.slice(at)]);
  }
  return [...folders].map(([folder, files]) => `${folder}${folder === '' ? '' : ': '}${files.join(' ')}`);
}

function told(
  facts: BundleFacts,
  names: readonly string[],
  missing: readonly string[],
  redactions: Redactions,
): string {
  const list = (all: readonly string[]) => all.map((one) => `  ${one}\n`).join('');
  const counts = Object.entries(redactions).map(([kind, count]) => `${count} ${kind}`);
  return (
    `Picket ${facts.picket}, ${facts.madeAt}, asked of ${facts.nodes.length} nodes through ${facts.through}.\n\n` +
    `In it:\n${list(byFolder(names))}\n` +
    (missing.length === 0 ? 'Nothing is missing.\n\n' : `Missing:\n${list(missing)}\n`) +
    (counts.length === 0 ? 'Nothing looked like a secret.\n' : `Taken out, as [redacted]:\n${list(counts)}`) +
    '\nSecrets are known by their names and looks: read it before it goes to somebody else. Addresses, names of nodes, tenants\n' +
    'and operators, and what the log says of customers are in it.\n'
  );
}
