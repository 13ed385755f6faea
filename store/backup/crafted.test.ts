/** Archives that were made up by somebody who has the key: they reach no other tenant, and end with a sentence. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, type ScratchDatabase, scratchDatabase } from '../../test/contract/scratch-database.ts';
import {
  everything,
  holderOf,
  newCheck,
  newTenant,
  result,
  unique,
} from '../../test/contract/store-setup.ts';
import { StoreError } from '../errors.ts';
import { openSchema, type Schema } from '../open-schema.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { openKeyRing } from '../vault/ring-file.ts';
import { folderPlace } from './folder-place.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { type Backups, openBackups } from './open-backups.ts';
import { type Letter, RecordReader, record } from './records.ts';
import { seal, unseal } from './seal.ts';
import { squeeze, unsqueeze } from './squeeze.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-crafted-'));
const quiet = () => {};
const place = folderPlace(folder, clock);
const due = 1_790_000_000_000;
let database: ScratchDatabase;
let backups: Backups;
let schema: Schema;
let raw: pg.Client;
let keys: KeyRing;

interface Piece {
  letter: Letter;
  payload: Buffer;
}

beforeAll(async () => {
  database = await scratchDatabase();
  keys = openKeyRing(join(folder, 'keys'), clock.wallMs());
  backups = openBackups({ url: database.server.url, place, keys, clock, picket: '9.9.9' });
  schema = openSchema(database.server.url, clock);
  raw = new pg.Client({ connectionString: database.server.url });
  await raw.connect();
});
afterAll(async () => {
  await raw?.end();
  await schema?.close();
  await backups?.close();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function filled() {
  const setup = { ...database.store, expireSession: async () => {} };
  const id = await newTenant(setup);
  const [check] = await setup.checks.add(id, [newCheck('one')]);
  const { write } = await holderOf(setup, id);
  await write({ results: [result(check!.id, due), result(check!.id, due + 1_000)] });
  return { id, slug: (await setup.tenants.find(id))!.slug, check: check!.id };
}

async function piecesOf(name: string): Promise<Piece[]> {
  const reader = new RecordReader(unsqueeze(unseal(place.read(name), keys, name), name), name);
  const found: Piece[] = [];
  for (let letter: Letter = 'M'; letter !== 'E'; ) {
    const next = await reader.next();
    found.push({ letter: next.letter, payload: Buffer.from(next.payload) });
    letter = next.letter;
  }
  await reader.close();
  return found;
}

/** Under the name of another moment. */
async function crafted(name: string, pieces: readonly Piece[]): Promise<string> {
  const other = name.replace(/\d{3}Z/, '999Z');
  const plain = async function* () {
    for (const { letter, payload } of pieces) yield record(letter, payload);
  };
  await place.write(other, seal(squeeze(plain()), keys));
  return other;
}

const manifestOf = (pieces: readonly Piece[]) => JSON.parse(pieces[0]!.payload.toString()) as Manifest;
const json = (letter: Letter, value: unknown): Piece => ({
  letter,
  payload: Buffer.from(JSON.stringify(value)),
});

/** With other rows of one table; its sum is not told anew, so that only a way around the sums gets through. */
function withRows(pieces: readonly Piece[], table: string, change: (text: string) => string): Piece[] {
  const at = manifestOf(pieces).tables.findIndex(({ name }) => name === table);
  let within = false;
  let text = '';
  const changed: Piece[] = [];
  for (const piece of pieces) {
    if (piece.letter === 'T') within = Number(piece.payload.toString()) === at;
    if (within && piece.letter === 'R') text += piece.payload.toString();
    else if (within && piece.letter === 'S') {
      const rows = Buffer.from(change(text));
      const sha256 = createHash('sha256').update(rows).digest('hex');
      const told = JSON.parse(piece.payload.toString()) as { rows: number };
      changed.push({ letter: 'R', payload: rows }, json('S', { ...told, bytes: rows.length, sha256 }));
    } else changed.push(piece);
  }
  return changed;
}

test('rows of another tenant in an archive become rows of the tenant that it is of, and of nobody else', async () => {
  const victim = await filled();
  const { id, slug, check } = await filled();
  const { name } = await backups.create(slug, quiet);
  const theirs = await database.store.results.results(victim.id, everything);
  const pieces = withRows(await piecesOf(name), 'results', (rows) =>
    rows.replaceAll(id, victim.id).replaceAll(check, check.replace(/.$/, 'z')),
  );
  const made = await crafted(name, pieces);
  await backups.restore(made, { as: null, replace: true }, quiet).catch((error: unknown) => {
    expect(error).toBeInstanceOf(StoreError);
  });
  expect(await database.store.results.results(victim.id, everything)).toEqual(theirs);
  await backups.restore(made, { as: unique('crafted'), replace: false }, quiet).catch(() => {});
  expect(await database.store.results.results(victim.id, everything)).toEqual(theirs);
});

const junk = fc.oneof(
  fc.constant(null),
  fc.constant({}),
  fc.constant([null]),
  fc.constant([]),
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.constant("x'; DROP SCHEMA platform CASCADE; --"),
  fc.constant('"; SET ROLE NONE; --'),
  fc.constant('platform'),
  fc.constant('__proto__'),
  fc.constant('9'.repeat(400)),
);

/** One place of a JSON value, chosen by numbers, replaced. */
function replaced(value: unknown, path: readonly number[], by: unknown): unknown {
  if (typeof value !== 'object' || value === null || path.length === 0) return by;
  const names = Object.keys(value);
  if (names.length === 0) return by;
  const name = names[path[0]! % names.length]!;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  copy[name] = replaced(copy[name], path.slice(1), by);
  return copy;
}

test('a manifest of which any part is something else is read, or refused by code', async () => {
  const { slug } = await filled();
  const manifest = manifestOf(await piecesOf((await backups.create(slug, quiet)).name));
  const path = fc.array(fc.nat(40), { maxLength: 4 });
  fc.assert(
    fc.property(path, junk, (at, by) => {
      try {
        parseManifest(JSON.stringify(replaced(manifest, at, by)) ?? '', 'a');
      } catch (error) {
        expect(error).toMatchObject({ code: 'archive_unfit' });
      }
    }),
    { numRuns: 2_000 },
  );
});

test('an archive of which any record is something else is restored or refused by code, and harms nobody', async () => {
  const { id, slug } = await filled();
  const other = await filled();
  const { name } = await backups.create(slug, quiet);
  const pieces = await piecesOf(name);
  const before = await Promise.all(
    [id, other.id].map((one) => database.store.results.results(one, everything)),
  );
  const path = fc.array(fc.nat(40), { maxLength: 4 });
  const change = fc.tuple(fc.nat(pieces.length - 1), path, junk, fc.nat(3));
  await fc.assert(
    fc.asyncProperty(change, async ([at, where, by, how]) => {
      const piece = pieces[at]!;
      const changed = [...pieces];
      if (how === 0) changed.splice(at, 1);
      else if (how === 1) changed.splice(at, 0, piece);
      else if (piece.letter === 'R') changed[at] = { letter: 'R', payload: Buffer.from(String(by)) };
      else changed[at] = json(piece.letter, replaced(JSON.parse(piece.payload.toString()), where, by));
      const made = await crafted(name, changed);
      await backups.restore(made, { as: null, replace: true }, quiet).catch((error: unknown) => {
        expect(error).toBeInstanceOf(StoreError);
      });
      const [, theirs] = await Promise.all(
        [id, other.id].map((one) => database.store.results.results(one, everything)),
      );
      expect(theirs).toEqual(before[1]);
      expect(await schema.lint()).toEqual([]);
    }),
    { numRuns: 25 },
  );
  const { rows } = await raw.query("SELECT FROM platform.sessions WHERE node LIKE 'restore-%'");
  expect(rows).toEqual([]);
}, 120_000);
