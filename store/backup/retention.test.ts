import fc from 'fast-check';
import { expect, test } from 'vitest';
import { archiveName, parseArchive } from './archive-name.ts';
import { expired } from './retention.ts';

const dayMs = 86_400_000;
const now = Date.parse('2026-11-21T12:00:00.000Z');
const archive = (slug: string, ageDays: number) => {
  const id = slug.padEnd(12, 'a');
  const name = archiveName(slug, id, new Date(now - ageDays * dayMs).toISOString());
  return parseArchive({ name, bytes: 1 })!;
};
const names = (of: readonly { name: string }[]) => of.map(({ name }) => name);

test('a name says whose and of when an archive is, and what is no name is none', () => {
  expect(archiveName('acme', 'abcdefghijkl', '2026-11-21T15:23:42.123Z')).toBe(
    'acme.abcdefghijkl.20261121T152342123Z.picket',
  );
  expect(archive('acme', 0)).toMatchObject({ slug: 'acme', tenantId: 'acmeaaaaaaaa', takenAtMs: now });
  for (const name of [
    '',
    'x',
    'acme.abcdefghijkl.20261321T152342123Z.picket',
    '../acme.abcdefghijkl.20261121T152342123Z.picket',
  ])
    expect(parseArchive({ name, bytes: 1 })).toBeNull();
});

test('so many of each tenant are kept, or so many days, whichever keeps more', () => {
  const all = [0, 1, 2, 3, 40].flatMap((age) => [archive('acme', age), archive('beta', age + 5)]);
  const ages = (keep: number | null, days: number | null) =>
    expired(all, { keep, days }, now).map(({ slug, takenAtMs }) => `${slug} ${(now - takenAtMs) / dayMs}`);
  expect(ages(null, null)).toEqual([]);
  expect(ages(4, null)).toEqual(['acme 40', 'beta 45']);
  expect(ages(null, 2)).toEqual(['acme 3', 'beta 6', 'beta 7', 'beta 8', 'acme 40', 'beta 45']);
  expect(ages(3, 7)).toEqual(['beta 8', 'acme 40', 'beta 45']);
});

test('whatever the rules, no tenant loses its newest', () => {
  const some = fc.array(fc.tuple(fc.constantFrom('acme', 'beta', 'gamma'), fc.integer({ min: 0, max: 900 })));
  const rule = fc.option(fc.integer({ min: 0, max: 50 }));
  fc.assert(
    fc.property(some, rule, rule, (given, keep, days) => {
      const all = given.map(([slug, age]) => archive(slug, age));
      const gone = new Set(names(expired(all, { keep, days }, now)));
      for (const { slug } of all) {
        const newest = all.filter((one) => one.slug === slug).sort((a, b) => b.takenAtMs - a.takenAtMs)[0]!;
        expect(gone.has(newest.name) && all.filter(({ name }) => name === newest.name).length === 1).toBe(
          false,
        );
      }
    }),
  );
});
