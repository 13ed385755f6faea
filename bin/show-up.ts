/** What `picket up` prints when everything runs: what runs where, and what to try next. */
import type { UpAnswer } from './launcher/up.ts';
import { table } from './table.ts';

export function showUp(answer: UpAnswer, data: string): string[] {
  const isDefault = data === `${process.cwd()}/.picket`;
  const flag = isDefault ? '' : ` --data ${data}`;
  const rows = answer.nodes.map(({ name, role, pid, address, metrics }) => [
    ...[name, role, pid, address],
    metrics ? `http://${metrics}/metrics` : null,
  ]);
  return [
    '',
    table(['NODE', 'ROLE', 'PID', 'ADDRESS', 'METRICS'], rows),
    '',
    ...(answer.http === null ? [] : [`page      ${answer.http}/`]),
    `state     ${data}`,
    '',
    'try next:',
    `  npx picket status${flag}`,
    `  npx picket check list${flag}`,
    `  npx picket check add --name ssh --kind tcp --target 127.0.0.1 --port 22 --interval 1s${flag}`,
    `  npx picket results --limit 10${flag}`,
    `  npx picket down${flag}`,
  ];
}
