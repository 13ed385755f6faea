/** `picket db retention`: how long what flows is kept, shown and set. Needs no cluster. */
import type { Command } from 'commander';
import { type SeriesName, type StreamsView, seriesNames } from '../../store/index.ts';
import { withSchema } from '../database-door.ts';
import { usage } from '../failure.ts';
import { table } from '../table.ts';
import { instant } from '../views.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface RetentionFlags {
  data: string;
  keep?: string[];
  json?: boolean;
}

const daysMax = 36_500;

export function addRetention(db: Command, { output, environment }: Surroundings): void {
  db.command('retention')
    .description('how long results and their roll-ups are kept, and which partitions they have')
    .option('--keep <stream=days...>', `set it: ${seriesNames.join(', ')}`)
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  picket db retention\n  picket db retention --keep results=14 rollup_minute=30\n',
    )
    .action(async (flags: RetentionFlags) => {
      const wanted = (flags.keep ?? []).map(judge);
      const door = { data: flags.data, url: environment.DATABASE_URL, mayMake: false, note: output.note };
      const view = await withSchema(door, async (schema) => {
        for (const [series, days] of wanted) await schema.keep(series, days);
        return await schema.streams();
      });
      if (flags.json) output.json(viewOf(view));
      else output.line(show(view));
    });
}

function judge(text: string): [SeriesName, number] {
  const match = /^(\w+)=(\d{1,5})$/.exec(text);
  const series = seriesNames.find((name) => name === match?.[1]);
  const days = Number(match?.[2]);
  if (series === undefined || !(days >= 1 && days <= daysMax))
    throw usage(`--keep "${text}": write STREAM=DAYS, of ${seriesNames.join(', ')}, 1 to ${daysMax} days`);
  return [series, days];
}

function viewOf({ streams, rolledToMs, timescaledb }: StreamsView) {
  return {
    rolled_to: instant(rolledToMs),
    timescaledb,
    streams: streams.map(({ series, keptDays, partitions, oldest, newest, bytes }) => ({
      stream: series,
      kept_days: keptDays,
      partitions,
      oldest,
      newest,
      bytes,
    })),
  };
}

function show(view: StreamsView): string {
  const rows = viewOf(view).streams.map((row) => [
    row.stream,
    row.kept_days,
    row.partitions,
    row.oldest,
    row.newest,
    row.bytes,
  ]);
  const list = table(['STREAM', 'KEPT DAYS', 'PARTITIONS', 'OLDEST', 'NEWEST', 'BYTES'], rows);
  return `${list}\nrolled up to ${instant(view.rolledToMs)}; TimescaleDB: ${view.timescaledb}`;
}
