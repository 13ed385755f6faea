/**
 * Certificates for nodes: `certificates.js DIR NAME...` issues one for each name, by the authority in DIR/authority,
 * which the first use makes. Nodes get DIR/NAME.pem and DIR/roots.pem; the authority's keys stay where they are made.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, issueNode, readAuthority, writeAuthority, writeCredential } from 'picket/certs';
import { systemClock } from 'picket/runtime';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined || names.length === 0) {
  console.error('usage: certificates.js DIR NAME...');
  process.exit(2);
}

const clock = systemClock();
const place = join(folder, 'authority');
if (!existsSync(place)) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeAuthority(place, await createAuthority('example.org', clock));
}
const authority = await readAuthority(place);
for (const name of names) {
  const credential = await issueNode(authority, { role: 'core', name }, clock);
  console.log(`issued ${await writeCredential(folder, name, credential)}`);
}
