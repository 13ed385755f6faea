/**
 * What a check keeps by the names of the registry: found by a number for each tenant, kind and partition, and then by id, in
 * few steps that are always at hand, while a text for every name that anybody lists or is told would be most of what such a
 * check costs.
 */
import type { RegistryKey } from '../../../cluster/index.ts';

type NameGroup = Omit<RegistryKey, 'id'>;

/** May be shared by tables: the numbers are then alike in all. */
export class GroupNumbers {
  private readonly numbers = new Map<string, Map<string, Map<string, number>>>();
  private count = 0;

  numberOf({ tenant, kind, partition }: NameGroup): number {
    return this.numbers.get(tenant)?.get(kind)?.get(partition) ?? this.add(tenant, kind, partition);
  }

  private add(tenant: string, kind: string, partition: string): number {
    const kinds = this.numbers.get(tenant) ?? new Map<string, Map<string, number>>();
    this.numbers.set(tenant, kinds);
    const partitions = kinds.get(kind) ?? new Map<string, number>();
    kinds.set(kind, partitions);
    this.count += 1;
    partitions.set(partition, this.count);
    return this.count;
  }
}

export class NameTable<V> {
  private readonly numbers: GroupNumbers;
  private readonly groups: (Map<string, V> | undefined)[] = [];

  constructor(numbers = new GroupNumbers()) {
    this.numbers = numbers;
  }

  get size(): number {
    let size = 0;
    for (const group of this.groups) size += group?.size ?? 0;
    return size;
  }

  /** By id. */
  groupOf(name: NameGroup): Map<string, V> {
    const number = this.numbers.numberOf(name);
    const group = this.groups[number] ?? new Map<string, V>();
    this.groups[number] = group;
    return group;
  }

  *values(): Generator<V> {
    for (const group of this.groups) if (group !== undefined) yield* group.values();
  }
}
