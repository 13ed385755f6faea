/** What a message of a control stream says, for the actor of its agent. Pure; who may say it is decided before. */
import type { ControlStreamRequest } from '../proto/index.ts';
import { factsOf, heldVersionOf } from './agent-facts.ts';
import type { CommandWord } from './command-book.ts';
import type { AgentFacts } from './edge-agent.ts';

export type ControlWord =
  | { type: 'listens'; id: string; partition: string; facts: AgentFacts; configVersion: string }
  | { type: 'has_config'; version: string }
  | { type: 'says'; commandId: string; commandType: string; word: CommandWord };

/** Null: nothing that we know. */
export function wordOf(message: ControlStreamRequest): ControlWord | null {
  const { hello, commandAck, commandProgress, commandResult, configAck } = message;
  if (hello !== undefined) {
    const { agentId: id, partition } = hello;
    return { type: 'listens', id, partition, facts: factsOf(hello), configVersion: heldVersionOf(hello) };
  }
  if (configAck !== undefined) return { type: 'has_config', version: heldVersionOf(configAck) };
  if (commandAck !== undefined) return says(commandAck, { type: 'ack', message: commandAck.message });
  if (commandProgress !== undefined) {
    const { progressPercent: percent, message: text, payloadJson } = commandProgress;
    return says(commandProgress, { type: 'progress', percent, message: text, payloadJson });
  }
  if (commandResult === undefined) return null;
  const { success, message: text, payloadJson } = commandResult;
  return says(commandResult, { type: 'result', success, message: text, payloadJson });
}

function says(of: { commandId: string; commandType: string }, word: CommandWord): ControlWord {
  return { type: 'says', commandId: of.commandId, commandType: of.commandType, word };
}
