import fc from 'fast-check';
import { expect, test } from 'vitest';
import { absentIds, judgeAbsence, retractionOf } from './retraction.ts';

const ids = fc.uniqueArray(fc.stringMatching(/^[1-9][0-9]{0,3}$/), { maxLength: 30 });

test('what is retracted was known, is not listed any more, and is not there when asked for', () => {
  fc.assert(
    fc.property(ids, ids, ids, fc.boolean(), (known, seen, there, isSteady) => {
      const absent = absentIds(known, new Set(seen));
      const { gone, kept } = judgeAbsence({ absent, stillThere: new Set(there), isSteady });
      expect(gone).toEqual(known.filter((id) => !seen.includes(id) && !there.includes(id)));
      expect([...gone, ...kept].sort()).toEqual([...absent].sort());
    }),
  );
});

test('what could not be asked for is believed of a listing during which nothing moved, and otherwise kept', () => {
  const absent = ['1', '2'];
  expect(judgeAbsence({ absent, stillThere: null, isSteady: true })).toEqual({ gone: ['1', '2'], kept: [] });
  expect(judgeAbsence({ absent, stillThere: null, isSteady: false })).toEqual({ gone: [], kept: ['1', '2'] });
});

test('a retraction names the device by the id of its system, at the time of the listing', () => {
  const listedAt = '2026-01-01T00:00:00.000Z';
  expect(
    retractionOf('7', { idKey: 'netbox_device_id', source: 'netbox', partition: 'p', listedAt }),
  ).toEqual({
    partition: 'p',
    source: 'netbox',
    timestamp: listedAt,
    is_available: false,
    metadata: { netbox_device_id: '7', integration_type: 'netbox', _deleted: 'true' },
  });
});
