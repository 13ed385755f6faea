/** `picket links`: the open links of a node, with what went over them. */
import { type Command, Option } from 'commander';
import type { LinkView } from '../../cluster/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { shortLinkColumns, wideLinkColumns } from '../../shell/index.ts';
import { ask } from '../ask-node.ts';
import { withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import type { Surroundings } from './up.ts';

interface LinksFlags {
  data: string;
  json?: boolean;
  node?: string;
  wide?: boolean;
}

const help = `
Every open link of one node: to other nodes, and from commands such as this one. FRAMES, BYTES and KIB are in and out since the
link is there. "Queued" are bytes that the peer's network has not taken; "refused" are casts and calls that were not taken because
too much waited; "fenced" is what the tenant fence refused of a tenant's node, on this link and those before it (by rule in the
JSON). Of these NOTES has what is more than nothing; with --wide each has a column, FENCED empty where the link is not fenced.
A link whose state is "retired" is read to its end because another one to the same peer is kept.

Examples:
  picket links
  picket links --node poller_1 --wide
  picket links --node poller_1 --json
`;

export function addLinksCommand(program: Command, { output, environment }: Surroundings): void {
  program
    .command('links')
    .description('the open links of a node, and what went over them')
    .addOption(
      new Option('--data <dir>', 'state of the cluster').default(environment.PICKET_DATA || './.picket'),
    )
    .addOption(new Option('--node <name>', 'whose links (default: any core)'))
    .addOption(new Option('--wide', 'all figures, in a row that is longer than most terminals'))
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', help)
    .action(async (flags: LinksFlags) => {
      const links = await withOperator(flags, (session) =>
        ask<LinkView[]>(session, flags.node, 'links', null),
      );
      if (flags.json) output.json(links.map(jsonRow));
      else {
        const columns = flags.wide ? wideLinkColumns : shortLinkColumns(systemClock().wallMs());
        const cells = links.map((link) => Object.values(columns).map((cell) => cell(link)));
        output.line(table(Object.keys(columns), cells));
      }
    });
}

/** What is printed: names of fields as in all of the command's JSON. */
function jsonRow(link: LinkView): Record<string, unknown> {
  return {
    name: link.name,
    role: link.role,
    address: link.address,
    dialled: link.dialled,
    state: link.state,
    since: link.since,
    boot: link.boot,
    rtt_ms: link.rttMs,
    frames_in: link.framesIn,
    frames_out: link.framesOut,
    bytes_in: link.bytesIn,
    bytes_out: link.bytesOut,
    parts_in: link.partsIn,
    parts_out: link.partsOut,
    refused: link.refused,
    queued_bytes: link.queuedBytes,
    retired: link.retired,
    tenant: link.tenant,
    fenced: link.fenced,
  };
}
