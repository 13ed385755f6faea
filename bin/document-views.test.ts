import { expect, test } from 'vitest';
import { type DocumentView, shownDocument } from './document-views.ts';

const row = { id: 'doc_1' } as DocumentView;

test('what became of the updates of a document is told in words', () => {
  const account = { updates: 10, taken: 10, refused: {}, examples: [], failed: null };
  const shown = (reconciled: DocumentView['reconciled']) => shownDocument({ ...row, reconciled }).reconciled;
  expect(shown(null)).toBe(null);
  expect(shown(account)).toBe('10 of 10 updates taken');
  const refused = { ip_is_no_address: 2, other_partition: 1 };
  const examples = [{ item: 4, error: 'ip_is_no_address' }];
  expect(shown({ ...account, taken: 7, refused, examples })).toBe(
    '7 of 10 updates taken; 2 ip_is_no_address, 1 other_partition (the first is item 4)',
  );
  expect(shown({ ...account, failed: 'not_json' })).toBe('nothing was taken: not_json');
});
