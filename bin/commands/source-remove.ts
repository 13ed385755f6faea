/** `picket source remove`: a source is forgotten, with or without what it told of devices. */
import type { Command } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import { confirm } from '../confirm.ts';
import { pause } from '../launcher/lock.ts';
import { listingLookMs } from '../limits.ts';
import type { OfListedSource } from '../listed-source-procedures.ts';
import type { ListedSourceView } from '../listed-source-views.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import type { Output } from '../output.ts';
import type { WithdrawnPart } from '../source-withdrawal.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface RemoveFlags extends Target {
  tenant: string;
  json?: boolean;
  withdraw?: boolean;
  yes?: boolean;
}

export function addRemove(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source
    .command('remove')
    .description(
      'forget it with its credentials and its runs; its devices stay as they are, unless --withdraw',
    )
    .argument('<name>', 'name or id')
    .option('--withdraw', 'first take back what it alone told: what that held together parts')
    .option('--yes', 'do not ask');
  const example = `With --withdraw devices of which nobody else told are deleted softly, and are back when a source tells of them again. One that
is broken off goes on when the command is given again. All is taken back that came as this kind in this partition.

Examples:
  picket source remove cmdb --tenant acme --yes
  picket source remove cmdb --tenant acme --withdraw --yes
`;
  tenantCommand(command, surroundings, example).action(async (id: string, flags: RemoveFlags) => {
    const { withdraw = false } = flags;
    const besides = withdraw ? ', and what it alone told of devices is taken back' : '';
    await confirm(`Source ${id} is forgotten with its credentials${besides}.`, flags.yes);
    const asked: OfListedSource = { tenant: flags.tenant, id };
    const row = await withOperator(flags, async (session) => {
      const withdrawn = withdraw ? await withdrawAll(session, asked, output) : null;
      return { ...(await session.call<ListedSourceView>('source_remove', asked)), withdrawn };
    });
    if (flags.json) output.json(row);
    else output.line(removedText(row));
  });
}

function removedText({ name, id, withdrawn }: ListedSourceView & { withdrawn: number | null }): string {
  if (withdrawn === null) return `removed ${name} (${id}); what it told of devices stays`;
  return `removed ${name} (${id}); it was taken out of ${withdrawn} sets of identifiers and addresses`;
}

/** Answers out of how many sets of identifiers and addresses. */
async function withdrawAll(session: OperatorSession, asked: OfListedSource, output: Output): Promise<number> {
  const clock = systemClock();
  let count = 0;
  for (let shown = ''; ; ) {
    const part = await session.call<WithdrawnPart>('source_withdraw', asked);
    count += part.count;
    if (!part.isMore) return count;
    const what = part.waits === null ? `${count} taken back` : `waits for the end of its ${part.waits}`;
    if (what !== shown) output.note(what);
    shown = what;
    if (part.waits !== null) await pause(clock, listingLookMs);
  }
}
