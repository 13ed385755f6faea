/**
 * The peer policy as an operator writes it: a JSON file that names foreign and older authorities with the PEM files of
 * their certificates (relative to itself). Read as a whole or not at all; what is wrong with it is said with the place
 * in it. Example in docs/OPERATIONS.md.
 */
import { dirname, resolve } from 'node:path';
import { type Certificate, readCertificate } from './certificate.ts';
import { readText } from './durable-files.ts';
import { CertsError } from './errors.ts';
import { limits } from './limits.ts';
import { readPem } from './pem.ts';
import type { ForeignAuthority, NodeMapping, OlderTenantAuthority, PeerPolicy } from './policy.ts';
import { listAt, objectAt, type PolicyValue, textAt } from './policy-values.ts';
import { isName, isNodeName, isTenantId, isTrustDomain, nodeRoles, parseSpiffeId } from './spiffe.ts';

export interface PolicyRead {
  readonly policy: PeerPolicy;
  /** Every file that it was read from: when one of them changes, it must be read again. */
  readonly files: readonly string[];
}

const remedy = 'correct the path in the policy or put the file there';

/**
 * Reads a policy file. `ownTrustDomain` may not be a foreign authority's: nobody else speaks for our own ids.
 * @throws CertsError bad_policy, missing_file, corrupt_file, io_failed; `path` is the file
 */
export async function readPolicy(path: string, ownTrustDomain: string): Promise<PolicyRead> {
  const text = await readText(path, 'name a policy file that is there');
  const files = new Map<string, string>();
  const parsed = parsePolicy(text, path, ownTrustDomain);
  for (const named of parsed.files) {
    const file = resolve(dirname(path), named);
    files.set(named, await readText(file, remedy));
  }
  const load = (named: string) => certificatesOf(files.get(named) ?? '', resolve(dirname(path), named));
  const foreign = parsed.foreign.map(({ file, ...authority }) => ({ ...authority, roots: load(file) }));
  const older = parsed.older.map(({ file, ...authority }) => ({ ...authority, certificates: load(file) }));
  return {
    policy: { foreign, older },
    files: [path, ...[...files.keys()].map((one) => resolve(dirname(path), one))],
  };
}

export interface ParsedPolicy {
  readonly foreign: readonly (Omit<ForeignAuthority, 'roots'> & { readonly file: string })[];
  readonly older: readonly (Omit<OlderTenantAuthority, 'certificates'> & { readonly file: string })[];
  /** The PEM files as they are named. */
  readonly files: readonly string[];
}

/** The JSON alone, without the files that it names. `path` is for what is said. @throws CertsError bad_policy */
export function parsePolicy(text: string, path: string, ownTrustDomain: string): ParsedPolicy {
  const fail = (place: string, what: string): never => {
    throw new CertsError('bad_policy', `${path}: ${place === '' ? '' : `${place}: `}${what}`, { path });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail('', `no JSON (${error instanceof Error ? error.message : 'unreadable'})`);
  }
  const top = objectAt({ value: json, place: '', fail }, ['foreign_authorities', 'older_tenant_authorities']);
  const foreign = listAt(top.foreign_authorities, limits.foreignAuthoritiesMax).map((one) =>
    foreignAt(one, ownTrustDomain),
  );
  const older = listAt(top.older_tenant_authorities, limits.olderAuthoritiesMax).map(olderAt);
  refuseTwice(
    foreign.map(({ trustDomain }) => trustDomain),
    'foreign_authorities',
    'trust domain',
    fail,
  );
  refuseTwice(
    older.map((one) => `${one.trustDomain}/${one.slug}`),
    'older_tenant_authorities',
    'slug',
    fail,
  );
  const names = foreign.flatMap(({ nodes }) => nodes.flatMap((one) => ('name' in one ? [one.name] : [])));
  refuseTwice(names, 'foreign_authorities', 'node name', fail);
  return { foreign, older, files: [...new Set([...foreign, ...older].map(({ file }) => file))] };
}

function foreignAt(value: PolicyValue, ownTrustDomain: string) {
  const fields = objectAt(value, ['trust_domain', 'roots', 'nodes']);
  const trustDomain = textAt(fields.trust_domain, isTrustDomain, 'a trust domain');
  if (trustDomain === ownTrustDomain) {
    fields.trust_domain.fail(
      fields.trust_domain.place,
      `${trustDomain} is our own trust domain, not a foreign one`,
    );
  }
  const nodes = listAt(fields.nodes, limits.nodeMappingsMax).map((one) => mappingAt(one, trustDomain));
  const keys = nodes.map((one) => ('id' in one ? one.id : one.prefix));
  refuseTwice(keys, fields.nodes.place, 'id or prefix', fields.nodes.fail);
  return { trustDomain, file: fileAt(fields.roots), nodes };
}

/** Roles of nodes only: an id of a foreign authority cannot be made a tenant's or an operator's. */
function mappingAt(value: PolicyValue, trustDomain: string): NodeMapping {
  const fields = objectAt(value, ['id', 'prefix', 'role', 'name']);
  const text = textAt(
    fields.role,
    (role) => nodeRoles.some((known) => known === role),
    'one of core, web, poller, agent',
  );
  const role = nodeRoles.find((known) => known === text)!;
  const isOurs = (id: string) => {
    const parsed = parseSpiffeId(id);
    return parsed.ok && parsed.id.trustDomain === trustDomain && parsed.id.path.length > 0;
  };
  if ((fields.id.value === undefined) === (fields.prefix.value === undefined)) {
    value.fail(value.place, 'give either an id (with a name) or a prefix');
  }
  if (fields.id.value !== undefined) {
    const id = textAt(fields.id, isOurs, `a SPIFFE id of ${trustDomain} with a path`);
    return { id, role, name: textAt(fields.name, isNodeName, "a node's name (a-z, 0-9, _, -, at most 63)") };
  }
  if (fields.name.value !== undefined) {
    fields.name.fail(fields.name.place, 'a prefix has no name: what follows it is the name');
  }
  const isPrefix = (prefix: string) => prefix.endsWith('/') && isOurs(prefix.slice(0, -1));
  const wanted = `a SPIFFE id of ${trustDomain} with a path, and a "/" at its end`;
  return { prefix: textAt(fields.prefix, isPrefix, wanted), role };
}

function olderAt(value: PolicyValue) {
  const fields = objectAt(value, ['tenant_id', 'slug', 'trust_domain', 'certificates']);
  return {
    tenantId: textAt(fields.tenant_id, isTenantId, 'a tenant id (12 of a-z2-7, the first a letter)'),
    slug: textAt(fields.slug, isName, 'the slug that its certificates name'),
    trustDomain: textAt(fields.trust_domain, isTrustDomain, 'a trust domain'),
    file: fileAt(fields.certificates),
  };
}

function fileAt(value: PolicyValue): string {
  return textAt(value, (text) => text.length > 0 && !text.includes('\0'), 'the path of a PEM file');
}

function refuseTwice(
  values: readonly string[],
  place: string,
  what: string,
  fail: PolicyValue['fail'],
): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) fail(place, `the ${what} ${value} is there twice`);
    seen.add(value);
  }
}

/** At least one certificate, all readable and able to sign. */
function certificatesOf(pem: string, path: string): Certificate[] {
  const fail = (what: string): never => {
    throw new CertsError('bad_policy', `${path}: ${what}`, { path });
  };
  const read = readPem(pem, 'CERTIFICATE');
  if (!read.ok) return fail(read.error.detail);
  if (read.blocks.length === 0) fail('no PEM certificate in it');
  if (read.blocks.length > limits.rootsMax)
    fail(`${read.blocks.length} certificates, more than ${limits.rootsMax}`);
  return read.blocks.map((der, index) => {
    const one = readCertificate(der);
    if (!one.ok) return fail(`certificate ${index + 1}: ${one.detail}`);
    if (one.certificate.values.basicConstraints?.ca !== true) fail(`certificate ${index + 1} is no CA`);
    return one.certificate;
  });
}
