/**
 * What one node recorded, stepped machine by machine: states are restored, compared and lost, entries stepped and told.
 * Between the lines that `recorder-replay.ts` reads and the forms of the machines.
 */
import { messageOf, RecordError } from './errors.ts';
import type { Random } from './random.ts';
import { hashEffects, hashText, type Witness } from './recorder-form.ts';
import { Gather } from './recorder-gather.ts';
import type { CheckpointLine, EntryLine, HeadLine } from './recorder-line.ts';
import { hashPieces, snapshotText } from './recorder-pieces.ts';
import type { AnyReplayForm, Mismatch, ReplayOptions, ReplayTold } from './recorder-told.ts';

interface Machine {
  readonly form: AnyReplayForm;
  /** Null: lost, until the next checkpoint. */
  state: unknown;
  last: number | null;
  /** A large state that is being read, with the entries that wait for it. */
  gather: Gather | null;
  /** What the pieces of a large state must hash to, by the state that was stepped up to there; null: by none. */
  steppedHash: number | null;
  readonly witness: Witness<unknown, { type: string }, unknown> | null;
}

/** What one node recorded. */
export class Part {
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

  checkpoint(line: CheckpointLine): void {
    const { machine: name, after, kept } = line;
    const machine = this.machine(name);
    switch (kept.type) {
      case 'follows':
        if (machine.last !== after) this.lose(machine);
        return;
      case 'omitted':
        this.lose(machine);
        machine.last = after;
        return;
      case 'piece':
        this.piece(machine, line, kept);
        return;
      case 'pieces':
        this.pieces(machine, line, kept);
        return;
      case 'whole':
        this.compare(machine, line, kept.hash, () =>
          hashText(snapshotText(machine.form.snapshot(machine.state))),
        );
        this.lose(machine);
        machine.last = after;
        if (kept.hash !== hashText(JSON.stringify(kept.state))) throw this.notItsOwn(line);
        this.restore(machine, line, kept.state);
    }
  }

  entry(entry: EntryLine): void {
    const machine = this.machine(entry.machine);
    machine.last = entry.n;
    if (machine.gather !== null) machine.gather.entries.push(entry);
    else if (machine.state === null) this.told.counts.notStepped += 1;
    else this.step(machine, entry);
  }

  /** No more lines of this node. */
  end(): void {
    for (const machine of this.machines.values()) this.lose(machine);
  }

  private piece(
    machine: Machine,
    line: CheckpointLine,
    { piece, state }: { piece: number; state: unknown },
  ): void {
    if (piece === 0) {
      const { form } = machine;
      const stepped = machine.state !== null && line.after !== null && line.after === machine.last;
      if (!stepped) {
        this.lose(machine);
        machine.gather = new Gather();
        machine.last = line.after;
      }
      machine.steppedHash = stepped
        ? this.guarded(line.machine, line.after!, () => hashPieces(form.snapshot(machine.state)))
        : null;
    }
    // Its beginning made room meanwhile.
    if (machine.gather?.take(piece, state) === false) this.lose(machine);
  }

  private pieces(
    machine: Machine,
    line: CheckpointLine,
    { pieces, hash }: { pieces: number; hash: number },
  ): void {
    const { gather, steppedHash } = machine;
    machine.gather = null;
    machine.steppedHash = null;
    if (gather === null) {
      if (steppedHash !== null)
        this.compare(machine, { ...line, after: machine.last }, hash, () => steppedHash);
      return;
    }
    if (gather.count !== pieces || gather.hash !== hash) throw this.notItsOwn(line);
    this.restore(
      machine,
      line,
      this.guarded(line.machine, line.after ?? 0, () => gather.snapshot()),
    );
    for (const entry of gather.entries) {
      if (machine.state === null) this.told.counts.notStepped += 1;
      else this.step(machine, entry);
    }
  }

  /** The stepped state, if there is one, with the recorded one. */
  private compare(
    machine: Machine,
    { machine: name, after }: CheckpointLine,
    expected: number,
    hash: () => number,
  ): void {
    if (machine.state === null || after === null || after !== machine.last) return;
    this.told.counts.checkpoints += 1;
    const got = this.guarded(name, after, hash);
    if (got === expected) return;
    this.mismatch(name, 'state', after, hex(expected), hex(got));
    machine.state = null;
  }

  private restore(machine: Machine, { machine: name, after }: CheckpointLine, snapshot: unknown): void {
    machine.state = this.guarded(name, after ?? 0, () => machine.form.restore(snapshot));
    if (machine.witness !== null)
      this.guarded(name, after ?? 0, () => machine.witness!(machine.state, null, []));
  }

  private lose(machine: Machine): void {
    this.told.counts.notStepped += machine.gather?.entries.length ?? 0;
    machine.gather = null;
    machine.steppedHash = null;
    machine.state = null;
  }

  private step(machine: Machine, entry: EntryLine): void {
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
    this.lose(this.machine(name));
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
    const machine: Machine = { form, state: null, last: null, gather: null, steppedHash: null, witness };
    this.machines.set(name, machine);
    this.told.counts.machines += 1;
    return machine;
  }

  private mismatch(machine: string, what: Mismatch['what'], n: number, expected: string, got: string): void {
    this.told.mismatches.push({ node: this.node, machine, what, n, expected, got });
  }

  private notItsOwn({ machine, after }: CheckpointLine): RecordError {
    return new RecordError(
      'record_damaged',
      `${this.node} ${machine}: the checkpoint after ${after} is not its own`,
    );
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
