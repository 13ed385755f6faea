/**
 * What a bench is and how it is run: ours and the peers take turns, round by round, in one run on one machine, and the
 * median of each figure counts. Knows nothing of what is measured, nor of how it is printed.
 */

export type Figures = Readonly<Record<string, number>>;

/** `neither`: better is what comes closest to an ideal (README.md names it), so there is no ratio. */
export interface Figure {
  readonly key: string;
  readonly better: 'more' | 'less' | 'neither';
}

/** A program under measurement that runs. Every `round` answers the bench's figures, or those of them that it has. */
export interface Running {
  round(): Promise<Figures>;
  close(): Promise<void>;
}

/** `ours` or the name of a peer. `open` throws `PeerAbsent` when the peer is not installed here. */
export interface Contender {
  readonly name: string;
  open(): Promise<Running>;
}

export interface Bench {
  readonly name: string;
  /** One line for the list of benches. */
  readonly about: string;
  readonly figures: readonly Figure[];
  /** Measured rounds; one more before them warms up and is thrown away. */
  readonly rounds: number;
  readonly contenders: readonly Contender[];
}

export interface Outcome {
  readonly name: string;
  readonly ours: Figures;
  readonly peers: Readonly<Record<string, Figures>>;
  /** How many times better ours is. */
  readonly ratios: Readonly<Record<string, Figures>>;
  /** Peers that were not measured, with the reason. */
  readonly skipped: Readonly<Record<string, string>>;
  /** What the medians were taken of, by contender and figure. */
  readonly rounds: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

export class PeerAbsent extends Error {}

/** `say` is told of progress. What was opened is closed, whatever happens. */
export async function runBench(bench: Bench, say: (line: string) => void): Promise<Outcome> {
  const running = new Map<string, Running>();
  const skipped: Record<string, string> = {};
  const rounds: Record<string, Record<string, number[]>> = {};
  try {
    for (const { name, open } of bench.contenders) {
      say(`${bench.name}: starting ${name}`);
      try {
        running.set(name, await open());
      } catch (error) {
        if (!(error instanceof PeerAbsent)) throw error;
        skipped[name] = error.message;
        say(`${bench.name}: ${name} is left out: ${error.message}`);
      }
    }
    for (let round = 0; round <= bench.rounds; round += 1) {
      const what = round === 0 ? 'warm-up' : `round ${round} of ${bench.rounds}`;
      for (const [name, contender] of running) {
        say(`${bench.name}: ${what}, ${name}`);
        const figures = await contender.round();
        if (round === 0) continue;
        rounds[name] ??= {};
        keep(rounds[name], figures);
      }
    }
  } finally {
    await Promise.all([...running.values()].map((contender) => contender.close()));
  }
  return outcomeOf(bench, rounds, skipped);
}

export function outcomeOf(
  bench: Pick<Bench, 'name' | 'figures'>,
  rounds: Outcome['rounds'],
  skipped: Outcome['skipped'],
): Outcome {
  const medians = new Map<string, Figures>();
  for (const [name, samples] of Object.entries(rounds)) {
    const found: Record<string, number> = {};
    for (const { key } of bench.figures) if (samples[key] !== undefined) found[key] = median(samples[key]);
    medians.set(name, found);
  }
  const ours = medians.get('ours') ?? {};
  medians.delete('ours');
  const ratios: Record<string, Figures> = {};
  for (const [peer, theirs] of medians) ratios[peer] = ratiosOf(bench.figures, ours, theirs);
  return { name: bench.name, ours, peers: Object.fromEntries(medians), ratios, skipped, rounds };
}

function ratiosOf(figures: readonly Figure[], ours: Figures, theirs: Figures): Figures {
  const ratios: Record<string, number> = {};
  for (const { key, better } of figures) {
    const [own, other] = [ours[key], theirs[key]];
    if (own === undefined || other === undefined || better === 'neither') continue;
    const ratio = better === 'more' ? own / other : other / own;
    // Nothing is so many times better than zero.
    if (Number.isFinite(ratio)) ratios[key] = rounded(ratio);
  }
  return ratios;
}

function keep(samples: Record<string, number[]>, figures: Figures): void {
  for (const [key, value] of Object.entries(figures)) {
    if (!Number.isFinite(value) || value < 0) throw new Error(`${key} came out as ${value}`);
    samples[key] ??= [];
    samples[key].push(rounded(value));
  }
}

/** Of an even number of samples, the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('no samples');
  return rounded(sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2);
}

/** The smallest sample that at least `share` of all do not exceed. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (found === undefined) throw new Error('no samples');
  return found;
}

/** Four digits that count: more would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
