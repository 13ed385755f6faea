/** `picket results`: what was stored, newest first; with `--gaps` also what nothing ran for, with `--by` rolled up. */
import { type Command, Option } from 'commander';
import { type ResultQuery, type ResultStatus, type RollupUnit, resultStatuses } from '../../actors/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { parseSince } from '../durations.ts';
import { usage } from '../failure.ts';
import { resultsLimitDefault, resultsLimitMax, resultsPageRows } from '../limits.ts';
import { type OperatorSession, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import type { GapView, ResultView, RollupView } from '../views.ts';
import type { Surroundings } from './up.ts';

interface ResultFlags {
  data: string;
  tenant: string;
  check?: string;
  since?: string;
  limit: string;
  gaps?: boolean;
  status?: string;
  by?: string;
  json?: boolean;
}

type Row = ResultView | GapView;

export function addResultCommands(program: Command, { output, environment }: Surroundings): void {
  program
    .command('results')
    .description('stored results, newest first')
    .addOption(new Option('--tenant <tenant>', 'slug or id').default('default'))
    .option('--check <id>', 'only of this check')
    .option('--since <time>', 'an instant (RFC 3339) or a time back (10m)')
    .option('--status <status>', `only results with it: ${resultStatuses.join(', ')}`)
    .option('--limit <count>', `at most ${resultsLimitMax}`, String(resultsLimitDefault))
    .option('--gaps', 'also the due instants that nothing ran for, with the reason')
    .option('--by <span>', `rolled up by ${spans.join(', ')}: only spans that are over`)
    .addOption(
      new Option('--data <dir>', 'state of the cluster').default(environment.PICKET_DATA || './.picket'),
    )
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText(
      'after',
      '\nExamples:\n  picket results --limit 10\n  picket results --tenant acme --since 10m --gaps --json\n  picket results --status critical --since 1h\n  picket results --tenant acme --check chk_... --by hour --since 7d\n',
    )
    .action(async (flags: ResultFlags) => {
      const limit = Number(flags.limit);
      if (!/^\d+$/.test(flags.limit) || limit < 1 || limit > resultsLimitMax) {
        throw usage(`--limit "${flags.limit}": 1 to ${resultsLimitMax}`);
      }
      const status = judgeStatus(flags);
      const sinceMs = flags.since === undefined ? null : parseSince(flags.since, systemClock().wallMs());
      const by = judgeSpan(flags);
      if (by !== null) {
        const rolled = await withOperator(flags, (session) =>
          readPages<RollupView>(
            session,
            'rollups',
            flags.tenant,
            { checkId: flags.check ?? null, sinceMs, by },
            limit,
            (row) => row.at,
          ),
        );
        if (flags.json) output.json(rolled);
        else output.line(showRolled(rolled));
        return;
      }
      const rows = await withOperator(flags, (session) =>
        readRows(session, flags, { sinceMs, status, limit }),
      );
      if (flags.json) output.json(rows);
      else output.line(show(rows));
    });
}

const spans: readonly RollupUnit[] = ['minute', 'hour', 'day'];

function judgeSpan({ by, gaps, status }: ResultFlags): RollupUnit | null {
  if (by === undefined) return null;
  const known = spans.find((one) => one === by);
  if (known === undefined) throw usage(`--by "${by}": ${spans.join(', ')}`);
  if (gaps || status !== undefined)
    throw usage('--by counts results of every status: not with --gaps or --status');
  return known;
}

function judgeStatus({ status, gaps }: ResultFlags): ResultStatus | null {
  if (status === undefined) return null;
  const known = resultStatuses.find((one) => one === status);
  if (known === undefined) throw usage(`--status "${status}": ${resultStatuses.join(', ')}`);
  if (gaps) throw usage('--gaps with --status: a gap has no status, ask for one of the two');
  return known;
}

async function readRows(
  session: OperatorSession,
  flags: ResultFlags,
  { limit, ...asked }: { sinceMs: number | null; status: ResultStatus | null; limit: number },
): Promise<Row[]> {
  const { tenant } = flags;
  const query = { checkId: flags.check ?? null, ...asked };
  const results = await readPages<ResultView>(session, 'results', tenant, query, limit, (row) => row.due_at);
  if (!flags.gaps) return results;
  const gaps = await readPages<GapView>(session, 'gaps', tenant, query, limit, (row) => row.to);
  const at = (row: Row) => ('due_at' in row ? row.due_at : row.to);
  return [...results, ...gaps].sort((a, b) => (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : 0)).slice(0, limit);
}

/** One answer stays far below a frame's limit, however much is asked for. */
async function readPages<T extends { check_id: string }>(
  session: OperatorSession,
  procedure: string,
  tenant: string,
  query: Pick<ResultQuery, 'checkId' | 'sinceMs' | 'status'> & { by?: RollupUnit },
  limit: number,
  at: (row: T) => string,
): Promise<T[]> {
  const rows: T[] = [];
  while (rows.length < limit) {
    const last = rows.at(-1);
    const before = last === undefined ? null : { atMs: Date.parse(at(last)), checkId: last.check_id };
    const pageRows = Math.min(resultsPageRows, limit - rows.length);
    const page = await session.call<T[]>(procedure, { tenant, query: { ...query, limit: pageRows, before } });
    rows.push(...page);
    if (page.length < pageRows) break;
  }
  return rows;
}

function show(rows: readonly Row[]): string {
  return table(
    ['DUE', 'CHECK', 'STATUS', 'LATENCY MS', 'REASON', 'AGENT', 'POLLER'],
    rows.map((row) =>
      'due_at' in row
        ? [row.due_at, row.check_id, row.status, row.latency_ms, row.reason, row.agent, row.poller]
        : [row.from, row.check_id, `gap of ${row.count}`, null, `${row.reason}, to ${row.to}`, null, null],
    ),
  );
}

function showRolled(rows: readonly RollupView[]): string {
  const share = (part: number | null) => (part === null ? null : `${(part * 100).toFixed(2)} %`);
  const ms = (value: number | null) => (value === null ? null : Number(value.toPrecision(4)));
  return table(
    [
      'FROM',
      'CHECK',
      'RESULTS',
      'AVAILABLE',
      'SUCCESS',
      'WARNING',
      'CRITICAL',
      'UNKNOWN',
      'TIMEOUT',
      'SKIPPED',
      'MIN MS',
      'AVG MS',
      'MAX MS',
    ],
    rows.map((row) => [
      row.at,
      row.check_id,
      row.results,
      share(row.availability),
      row.success,
      row.warning,
      row.critical,
      row.unknown,
      row.timeout,
      row.skipped,
      ms(row.latency_ms_min),
      ms(row.latency_ms_avg),
      ms(row.latency_ms_max),
    ]),
  );
}
