import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cell } from './cell.ts';
import { CellTable } from './cell-table.ts';

test('it holds what a map would, in rising order, whatever comes and goes', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ act: fc.constant('add' as const), gap: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ act: fc.constant('delete' as const), at: fc.nat() }),
      fc.record({ act: fc.constant('delete all' as const) }),
    ),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(fc.constantFrom(0, 2 ** 31 - 100, 2 ** 47), steps, (from, taken) => {
      const table = new CellTable();
      const model = new Map<number, Cell>();
      let id = from;
      const remove = (gone: number) => {
        table.delete(gone);
        model.delete(gone);
      };
      for (const step of taken) {
        if (step.act === 'add') {
          id += step.gap;
          const cell = { ref: { id } } as Cell;
          table.add(cell);
          model.set(id, cell);
        } else if (step.act === 'delete') remove([...model.keys()][step.at % model.size] ?? id + 1);
        else for (const each of [...model.keys()]) remove(each);
        expect(table.size).toBe(model.size);
        expect(table.get(id)).toBe(model.get(id));
      }
      expect([...table.values()]).toEqual([...model.values()]);
      for (const [each, cell] of model) expect(table.get(each)).toBe(cell);
      for (const stranger of [Number.NaN, -1, 0.5, from, id + 1]) expect(table.get(stranger)).toBe(undefined);
    }),
  );
});
