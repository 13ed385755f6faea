import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListedDocument, type ListedTerms } from './listed-document.ts';

const terms = (more: Partial<ListedTerms> = {}): ListedTerms => ({
  ...{ kind: 'netbox', partition: 'plant', known: new Set(['1', '2', '3']), acceptEmpty: false },
  ...more,
});
const device = (id: string, more: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) => ({
  ...{ ip: '10.0.0.1', hostname: `host-${id}`, partition: 'plant', source: 'netbox' },
  ...{ timestamp: '2026-01-01T00:00:00.000Z', ...more },
  metadata: {
    netbox_device_id: id,
    integration_type: 'netbox',
    serial: 'S',
    netbox_site: 'Hill',
    ...metadata,
  },
});
const retraction = (id: string, more: Record<string, unknown> = {}) => ({
  ...{ partition: 'plant', source: 'netbox', timestamp: '2026-01-01T00:00:00.000Z', is_available: false },
  ...more,
  metadata: { netbox_device_id: id, integration_type: 'netbox', _deleted: 'true' },
});
const codeOf = (items: readonly unknown[], given: ListedTerms = terms()) => {
  const listed = new ListedDocument(given);
  for (const item of items) {
    const fault = listed.take(item);
    if (fault !== null) return fault.code;
  }
  return listed.end()?.code ?? 'ok';
};

describe('what an agent brought as a listing', () => {
  test('is devices of the source, and retractions of what it had listed; what is neither is known on', () => {
    const listed = new ListedDocument(terms());
    for (const item of [device('1'), device('9'), retraction('2')]) expect(listed.take(item)).toBeNull();
    expect(listed.end()).toBeNull();
    expect([...listed.gone]).toEqual(['2']);
    expect([...listed.idsNow()].sort()).toEqual(['1', '3', '9']);
    expect(listed.updates).toBe(2);
  });

  test.each<[string, unknown]>([
    ['another source', device('1', { source: 'armis' })],
    ['another partition', device('1', { partition: 'office' })],
    ['no partition', { ...device('1'), partition: undefined }],
    ['no id', device('', {})],
    ['an id of another system beside its own', device('1', {}, { armis_device_id: '7' })],
    ['an id of ours', device('1', { device_id: 'dev_1' })],
    ['an agent that it is', device('1', { agent_id: 'other' })],
    ['another integration', device('1', {}, { integration_type: 'armis' })],
    ['a retraction in other words', device('1', {}, { _deleted: 'TRUE' })],
    ['a retraction that names an address too', retraction('1', { ip: '10.0.0.7' })],
    ['a text', 'x'],
    ['what could not be read', null],
  ])('is refused when one of it has %s', (_, item) => {
    expect(codeOf([device('5'), item])).toBe('bad_listing');
  });

  test('retracts nothing that this source had not listed, and nothing that it lists', () => {
    expect(codeOf([device('1'), retraction('77')])).toBe('foreign_retraction');
    expect(codeOf([device('1'), retraction('1')])).toBe('bad_listing');
  });

  test('is not believed when it retracts all there was and lists nothing, unless somebody said so', () => {
    const all = ['1', '2', '3'].map((id) => retraction(id));
    expect(codeOf(all)).toBe('listing_empty');
    expect(codeOf(all, terms({ acceptEmpty: true }))).toBe('ok');
    // All in networks of the blacklist: listed, and not brought.
    expect(codeOf([])).toBe('ok');
    expect(codeOf([], terms({ known: new Set() }))).toBe('ok');
  });

  test('whatever comes, nothing is gone that was not handed out, and what it knows is bounded by what came', () => {
    const item = fc.oneof(
      fc.string({ maxLength: 3 }).map((id) => retraction(id)),
      fc.string({ minLength: 1, maxLength: 3 }).map((id) => device(id)),
      fc.anything(),
      fc.dictionary(fc.string(), fc.anything()).map((metadata) => ({ ...device('1'), metadata })),
    );
    fc.assert(
      fc.property(fc.array(item), fc.uniqueArray(fc.string({ maxLength: 2 })), (items, known) => {
        const listed = new ListedDocument(terms({ known: new Set(known) }));
        for (const one of items) if (listed.take(one) !== null) return;
        for (const id of listed.gone) expect(known).toContain(id);
        expect(listed.idsNow().size).toBeLessThanOrEqual(items.length + known.length);
      }),
    );
  });
});
