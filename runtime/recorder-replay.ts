/**
 * Steps recorded machines again: the same code, from a kept checkpoint, with the recorded events, and every decision
 * compared with the recorded one. Between the lines of a record (`recorder-lines.ts`) and whoever shows or tests them.
 * Works on the record alone: no clock, no node, no network.
 */
import { messageOf, RecordError } from './errors.ts';
import type { Random } from './random.ts';
import { hashEffects, hashText, type ReplayForm, type Witness } from './recorder-form.ts';
import type { CheckpointLine, EntryLine, GapLine, HeadLine, RecordLine } from './recorder-lines.ts';

// biome-ignore lint/suspicious/noExplicitAny: forms of different machines in one list; each is used with its own states only.
export type AnyReplayForm = ReplayForm<any, any, any>;

/** One effect of one entry. */
export interface Decision {
  readonly node: string;
  readonly boot: number;
  readonly n: number;
  /** Wall clock, Unix milliseconds. */
  readonly atMs: number;
  readonly machine: string;
  readonly event: string;
  readonly effect: string;
  readonly text: string;
}

/** Why the subject that was asked about is as it is. */
export interface Reason {
  readonly node: string;
  readonly boot: number;
  readonly n: number;
  readonly atMs: number;
  readonly machine: string;
  readonly text: string;
}

export interface Mismatch {
  readonly node: string;
  readonly machine: string;
  /** `effects` of an entry, or the `state` at a checkpoint after it. */
  readonly what: 'effects' | 'state';
  readonly n: number;
  readonly expected: string;
  readonly got: string;
}

export interface ReplayCounts {
  machines: number;
  /** Entries that were stepped and compared. */
  stepped: number;
  /** Entries that follow from no state that is kept. */
  notStepped: number;
  /** Checkpoints that a stepped state was compared with. */
  checkpoints: number;
  /** Events that were never recorded, as far as the record tells. */
  leftOut: number;
}

export interface ReplayTold {
  readonly decisions: Decision[];
  readonly reasons: Reason[];
  readonly mismatches: Mismatch[];
  readonly gaps: (GapLine & { readonly node: string })[];
  readonly counts: ReplayCounts;
}

export interface ReplayOptions {
  /** Entries after this instant (Unix milliseconds) are not stepped. */
  readonly untilMs?: number;
  readonly explain?: string;
}

interface Machine {
  readonly form: AnyReplayForm;
  /** Null: lost, until the next checkpoint. */
  state: unknown;
  last: number | null;
  readonly witness: Witness<unknown, { type: string }, unknown> | null;
}

/** Steps all lines of a file. Throws `record_damaged` where a line fits no machine, `record_newer` and `record_older`. */
export function replay(
  lines: Iterable<RecordLine>,
  forms: readonly AnyReplayForm[],
  options: ReplayOptions = {},
): ReplayTold {
  const counts = { machines: 0, stepped: 0, notStepped: 0, checkpoints: 0, leftOut: 0 };
  const told: ReplayTold = { decisions: [], reasons: [], mismatches: [], gaps: [], counts };
  let part: Part | null = null;
  for (const line of lines) {
    switch (line.type) {
      case 'head':
        part = new Part(line.head, forms, options, told);
        break;
      case 'checkpoint':
        part!.checkpoint(line.checkpoint);
        break;
      case 'entry':
        if (line.entry.at <= (options.untilMs ?? Number.POSITIVE_INFINITY)) part!.entry(line.entry);
        else part!.pass(line.entry.machine);
        break;
      case 'gap':
        told.gaps.push({ ...line.gap, node: part!.node });
        counts.leftOut += line.gap.count;
        break;
    }
  }
  return { ...told, decisions: inOrder(told.decisions), reasons: inOrder(told.reasons) };
}

/**
 * As they were made: those of one node by its own count, those of several nodes by their wall clocks, which may differ.
 */
function inOrder<T extends Pick<Decision, 'node' | 'boot' | 'n' | 'atMs'>>(rows: readonly T[]): T[] {
  const lives = new Map<string, T[]>();
  for (const row of rows) {
    const life = `${row.node}.${row.boot}`;
    const known = lives.get(life);
    if (known === undefined) lives.set(life, [row]);
    else known.push(row);
  }
  // Within a life the clock never goes back here, so that the one sort that follows keeps its order.
  const timed: { row: T; atMs: number }[] = [];
  for (const life of lives.values()) {
    let atMs = 0;
    for (const row of life.sort((a, b) => a.n - b.n)) {
      atMs = Math.max(atMs, row.atMs);
      timed.push({ row, atMs });
    }
  }
  return timed.sort((a, b) => a.atMs - b.atMs).map(({ row }) => row);
}

/** What one node recorded. */
class Part {
  readonly node: string;
  private readonly boot: number;
  private readonly forms: Map<string, AnyReplayForm>;
  private readonly machines = new Map<string, Machine>();
  private readonly explain: string | null;
  private readonly told: ReplayTold;

  constructor(head: HeadLine, forms: readonly AnyReplayForm[], options: ReplayOptions, told: ReplayTold) {
    this.node = head.node;
    this.boot = head.boot;
    this.explain = options.explain ?? null;
    this.told = told;
    this.forms = new Map(forms.map((form) => [form.kind, form]));
    for (const [kind, version] of Object.entries(head.forms))
      requireForm(this.forms.get(kind), kind, version);
  }

  checkpoint({ machine: name, after, hash, state }: CheckpointLine): void {
    const machine = this.machine(name);
    const { form } = machine;
    if (machine.state !== null && after !== null && after === machine.last && hash !== null) {
      this.told.counts.checkpoints += 1;
      const got = this.guarded(name, after, () => hashText(JSON.stringify(form.snapshot(machine.state))));
      if (got !== hash) this.mismatch(name, 'state', after, hex(hash), hex(got));
    }
    machine.last = after;
    machine.state = hash === null ? null : this.guarded(name, after ?? 0, () => form.restore(state));
    if (machine.state !== null && hash !== hashText(JSON.stringify(state))) {
      throw new RecordError(
        'record_damaged',
        `${this.node} ${name}: the checkpoint after ${after} is not its own`,
      );
    }
    if (machine.state !== null && machine.witness !== null) {
      this.guarded(name, after ?? 0, () => machine.witness!(machine.state, null, []));
    }
  }

  entry(entry: EntryLine): void {
    const machine = this.machine(entry.machine);
    machine.last = entry.n;
    if (machine.state === null) {
      this.told.counts.notStepped += 1;
      return;
    }
    const { form } = machine;
    const effects = this.stepped(machine, entry);
    if (effects === null) return;
    this.told.counts.stepped += 1;
    const got = this.guarded(entry.machine, entry.n, () => hashEffects(form, effects));
    if (got !== entry.effects || entry.threw) {
      const expected = entry.threw ? 'an error' : hex(entry.effects);
      this.mismatch(entry.machine, 'effects', entry.n, expected, hex(got));
      machine.state = null;
      return;
    }
    this.guarded(entry.machine, entry.n, () => this.tell(machine, entry, effects));
  }

  /** An entry that is not asked for: nothing of this machine follows from what was stepped. */
  pass(name: string): void {
    const machine = this.machine(name);
    machine.state = null;
  }

  /** Null: it threw, as it did then or as it did not. */
  private stepped(machine: Machine, entry: EntryLine): readonly unknown[] | null {
    const drawn = [...entry.drawn];
    const random: Random = { next: () => drawn.shift() ?? 0 };
    try {
      const { state, effects } = machine.form.step(machine.state, entry.event, random);
      machine.state = state;
      return effects;
    } catch (thrown) {
      machine.state = null;
      this.told.counts.stepped += 1;
      if (!entry.threw) {
        const got = `an error: ${messageOf(thrown)}`;
        this.mismatch(entry.machine, 'effects', entry.n, hex(entry.effects), got);
      }
      return null;
    }
  }

  private tell(machine: Machine, entry: EntryLine, effects: readonly unknown[]): void {
    const { n, at: atMs, event } = entry;
    const where = { node: this.node, boot: this.boot, n, atMs, machine: entry.machine };
    for (const effect of effects) {
      const text = machine.form.tell(effect, event);
      if (text === null) continue;
      const { type } = effect as { type: string };
      this.told.decisions.push({ ...where, event: event.type, effect: type, text });
    }
    for (const text of machine.witness?.(machine.state, event, effects) ?? []) {
      this.told.reasons.push({ ...where, text });
    }
  }

  private machine(name: string): Machine {
    const known = this.machines.get(name);
    if (known !== undefined) return known;
    const kind = name.split('/', 1)[0]!;
    const form = this.forms.get(kind);
    if (form === undefined)
      throw new RecordError('record_damaged', `there is no machine of the kind "${kind}"`);
    const witness = this.explain === null ? null : form.witness(this.explain);
    const machine: Machine = { form, state: null, last: null, witness };
    this.machines.set(name, machine);
    this.told.counts.machines += 1;
    return machine;
  }

  private mismatch(machine: string, what: Mismatch['what'], n: number, expected: string, got: string): void {
    this.told.mismatches.push({ node: this.node, machine, what, n, expected, got });
  }

  /** What a record says that no machine ever wrote: a stated error, whatever it did to the code that met it. */
  private guarded<T>(machine: string, n: number, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      if (thrown instanceof RecordError) throw thrown;
      const why = `${this.node} ${machine}: what is recorded at ${n} fits no state of it: ${messageOf(thrown)}`;
      throw new RecordError('record_damaged', why, thrown);
    }
  }
}

function requireForm(form: AnyReplayForm | undefined, kind: string, version: number): void {
  if (form === undefined || version > form.version) {
    throw new RecordError(
      'record_newer',
      `this picket cannot step ${kind} of version ${version}: use a later one`,
    );
  }
  if (version < form.version) {
    throw new RecordError(
      'record_older',
      `${kind} was recorded in version ${version}, this picket steps ${form.version}: use an earlier one`,
    );
  }
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}
