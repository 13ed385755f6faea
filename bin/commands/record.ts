/**
 * `picket record`: takes the flight record of a node, or of all, over the operator's link into one file. Segment by
 * segment: nothing of a node's is held here or there as a whole.
 */
import { type Command, Option } from 'commander';
import type { Member, RecordAnswer, RecordQuestion } from '../../cluster/index.ts';
import { headLine, messageOf, PartSum, type RecordHead, segmentLines } from '../../runtime/index.ts';
import { nodeDoor } from '../ask-node.ts';
import { CommandFailure } from '../failure.ts';
import { recordAskTimeoutMs } from '../limits.ts';
import { NewFile } from '../new-file.ts';
import { type OperatorSession, withOperator } from '../operator-session.ts';
import type { Output } from '../output.ts';
import type { Surroundings } from './up.ts';

interface RecordFlags {
  data: string;
  force?: boolean;
}

const everyNode = 'all';

export function addRecordCommand(program: Command, { output, environment }: Surroundings): void {
  program
    .command('record')
    .description("take a node's flight record: what it was told in the last minutes, and what it decided")
    .argument('<node>', 'name of the node, or "all"')
    .argument('<file>', 'where to; read it with picket replay')
    .option('--force', 'write over the file when it is there')
    .addOption(
      new Option('--data <dir>', 'state of the cluster').default(environment.PICKET_DATA || './.picket'),
    )
    .addHelpText(
      'after',
      '\nA record is in the memory of its node: of a node that died, take those of the others.\n\n' +
        'Examples:\n  picket record core_1 incident.jsonl\n  picket record all incident.jsonl --force\n',
    )
    .action(async (node: string, path: string, flags: RecordFlags) => {
      const file = new NewFile(path, flags.force === true);
      try {
        const missing = await withOperator(flags, (session) => takeAll(session, node, file, output));
        file.finish();
        output.note(`${path}: ${file.bytes} bytes`);
        if (missing.length > 0) {
          const text = `${path} was written without ${missing.join(', ')}: see above`;
          throw new CommandFailure('record_partial', text);
        }
      } finally {
        file.abandon();
      }
    });
}

/** Answers the nodes that should have given their record and did not. */
async function takeAll(
  session: OperatorSession,
  wanted: string,
  file: NewFile,
  output: Output,
): Promise<string[]> {
  const members = await session.call<Member[]>('members', null);
  if (wanted !== everyNode) {
    requireAlive(
      members.find(({ name }) => name === wanted),
      wanted,
    );
    await takeOne(session, wanted, file, output);
    return [];
  }
  const missing: string[] = [];
  for (const { name, status } of members) {
    if (status === 'down' || status === 'left') {
      output.note(`${name} is ${status}: its record went with its process`);
      continue;
    }
    try {
      await takeOne(session, name, file, output);
    } catch (error) {
      // Not of that node: nothing can be written any more.
      if (!(error instanceof CommandFailure) || isOfFile(error)) throw error;
      output.note(`${name} gives no record: ${error.code}: ${error.message}`);
      missing.push(name);
    }
  }
  if (missing.length === members.length) throw new CommandFailure('unreachable', 'no node gives its record');
  return missing;
}

function requireAlive(member: Member | undefined, name: string): void {
  if (member === undefined)
    throw new CommandFailure('no_such_node', `there is no node "${name}": see picket members`);
  if (member.status === 'down' || member.status === 'left') {
    throw new CommandFailure(
      'node_down',
      `${name} is ${member.status}, and its record went with its process: take the others' with "all"`,
    );
  }
}

/** A part is written only when its head has come, and is always ended: the file is whole whatever a node does. */
async function takeOne(session: OperatorSession, node: string, file: NewFile, output: Output): Promise<void> {
  const door = await nodeDoor(session, node, recordAskTimeoutMs);
  const ask = async (segment: number | null): Promise<RecordAnswer> =>
    await door<RecordAnswer>('record', { segment } satisfies RecordQuestion);
  const head = (await ask(null).catch((error: CommandFailure) => {
    if (error.code !== 'no_such_procedure') throw error;
    throw new CommandFailure('no_such_procedure', `${node} runs a picket that keeps no record`);
  })) as RecordHead;
  const sum = new PartSum();
  const write = (line: string) => {
    sum.add(line);
    file.line(line);
  };
  write(headLine(head));
  let gone = 0;
  let failure: unknown = null;
  for (const [at, info] of head.segments.entries()) {
    if (at > 0 && at % 16 === 0) output.note(`${node}: ${at} of ${head.segments.length} segments`);
    let body: RecordAnswer;
    try {
      body = await ask(info.number);
    } catch (error) {
      failure = error;
      break;
    }
    // It made room for what came meanwhile.
    if (body === null) gone += 1;
    else for (const line of segmentLines(info, body as Uint8Array)) write(line);
  }
  file.line(sum.endLine());
  if (failure !== null) throw partly(failure);
  const told = gone === 0 ? '' : `, of which ${gone} made room for later ones meanwhile`;
  output.note(`${node}: ${head.segments.length} segments${told}`);
}

function partly(failure: unknown): CommandFailure {
  if (failure instanceof CommandFailure) return failure;
  return new CommandFailure('record_partial', `its record is not whole: ${messageOf(failure)}`);
}

function isOfFile({ code }: CommandFailure): boolean {
  return code === 'disk_full' || code === 'cannot_write' || code === 'file_exists';
}
