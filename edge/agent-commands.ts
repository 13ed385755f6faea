/**
 * The commands of one edge agent as its actor does them: those that people and programs send, and checks that it is told to run.
 * Between the book of commands, which decides, and the control stream.
 */
import { type NumberedJob, type PollerProtocol, type Returned, runCommand } from '../actors/messages.ts';
import type { Ref } from '../runtime/index.ts';
import { finishedOf, lifeS, payloadOf } from './agent-jobs.ts';
import { tellNames } from './agent-name.ts';
import type { AgentFacts, AgentSelf, EdgeAgentNeeds, EdgeAgentState, OrderView } from './agent-state.ts';
import {
  addCommand,
  type CommandEffect,
  type CommandOutcome,
  cancelCommand,
  nextEndMs,
  sendQueued,
} from './command-book.ts';
import { type CommandState, isLive } from './command-life.ts';
import { commandPayloadBytesMax, commandTtlSDefault, commandTtlSMax, ordersKeptMax } from './limits.ts';
import { toSeconds } from './sent-time.ts';

const nothing = new Uint8Array();
const whyReturned: Readonly<Partial<Record<CommandState, string>>> = {
  failed: 'agent_refused',
  expired: 'agent_silent',
};

/** Its id; null: the agent has too much under way. */
function add(self: AgentSelf, type: string, payloadJson: Uint8Array, ttlS: number): string | null {
  const { state } = self;
  const life = Math.min(commandTtlSMax, ttlS > 0 ? Math.ceil(ttlS) : commandTtlSDefault);
  const createdAtS = toSeconds(self.wallMs());
  state.numbers += 1;
  const id = `${self.ref.toString()}.${state.numbers}`;
  if (payloadJson.length > commandPayloadBytesMax) return null;
  return addCommand(state.book, { id, type, payloadJson, ttlS: life, createdAtS }) ? id : null;
}

function begin(self: AgentSelf, needs: EdgeAgentNeeds): void {
  perform(self, needs, self.state.wire === null ? [] : sendQueued(self.state.book));
}

export function command(
  self: AgentSelf,
  needs: EdgeAgentNeeds,
  type: string,
  payloadJson: Uint8Array,
  ttlS: number,
): Promise<CommandOutcome> {
  const id = add(self, type, payloadJson, ttlS);
  if (id === null) {
    const message = 'the agent has too much under way';
    return Promise.resolve({ state: 'failed', message, payloadJson: nothing });
  }
  const reply = self.replyLater();
  self.state.asked.set(id, reply);
  begin(self, needs);
  return reply as unknown as Promise<CommandOutcome>;
}

export function order(
  self: AgentSelf,
  needs: EdgeAgentNeeds,
  type: string,
  payloadJson: Uint8Array,
  ttlS: number,
): string | null {
  const id = add(self, type, payloadJson, ttlS);
  if (id === null) return null;
  const { orders } = self.state;
  const none = { progressPercent: 0, message: '', payloadJson: nothing };
  orders.set(id, { id, type, state: 'queued', ...none });
  const over = [...orders.values()].filter((one) => !isLive(one.state));
  for (const one of over.slice(0, Math.max(0, over.length - ordersKeptMax))) orders.delete(one.id);
  begin(self, needs);
  return id;
}

export function orderView({ book, orders }: EdgeAgentState, id: string): OrderView | null {
  const one = orders.get(id);
  const live = book.live.get(id);
  if (one === undefined || live === undefined) return one ?? null;
  const { state, progressPercent, message, payloadJson } = live;
  return { ...one, state, progressPercent, message, payloadJson };
}

export function takesJobs({ capabilities }: AgentFacts): boolean {
  return capabilities.includes(runCommand);
}

export function run(
  self: AgentSelf,
  needs: EdgeAgentNeeds,
  jobs: readonly NumberedJob[],
  poller: Ref<PollerProtocol>,
): void {
  const { state } = self;
  const back: Returned[] = [];
  for (const { number, job } of jobs) {
    const id = state.wire === null ? null : add(self, runCommand, payloadOf(job), lifeS(job));
    if (id !== null) state.jobs.set(id, { number, poller, sentAtMs: self.wallMs() });
    else back.push({ number, reason: state.wire === null ? 'agent_lost' : 'agent_busy' });
  }
  if (back.length > 0) self.cast(poller).returned(back);
  begin(self, needs);
}

/** Nothing leads to the agent at this moment: others have a try while there is time. */
export function returnJobs(self: AgentSelf, needs: EdgeAgentNeeds): void {
  for (const id of [...self.state.jobs.keys()]) perform(self, needs, cancelCommand(self.state.book, id));
}

export function settled(self: AgentSelf, { id, outcome }: CommandEffect & { type: 'settled' }): void {
  const { state } = self;
  state.asked.get(id)?.answer(outcome);
  state.asked.delete(id);
  const ordered = state.orders.get(id);
  if (ordered !== undefined) {
    const progressPercent = outcome.state === 'completed' ? 100 : ordered.progressPercent;
    state.orders.set(id, { ...ordered, ...outcome, progressPercent });
  }
  const job = state.jobs.get(id);
  if (job === undefined) return;
  state.jobs.delete(id);
  const { number, poller, sentAtMs } = job;
  const finished = finishedOf(number, outcome, { sentAtMs, nowMs: self.wallMs() });
  if (finished !== null) self.cast(poller).finished(state.peer.id, [finished]);
  else self.cast(poller).returned([{ number, reason: whyReturned[outcome.state] ?? 'agent_lost' }]);
}

export function perform(self: AgentSelf, needs: EdgeAgentNeeds, effects: readonly CommandEffect[]): void {
  const { state } = self;
  for (const effect of effects) {
    if (effect.type === 'settled') settled(self, effect);
    else if (state.wire !== null) {
      const {
        id: commandId,
        type: commandType,
        payloadJson,
        ttlS: ttlSeconds,
        createdAtS: createdAt,
      } = effect.command;
      const sent = needs.wires.send(state.wire, {
        command: { commandId, commandType, payloadJson, ttlSeconds, createdAt },
      });
      if (!sent) state.wire = null;
    }
  }
  tellNames(self, needs);
  if (state.endTimer !== null) self.cancel(state.endTimer);
  const endMs = nextEndMs(state.book);
  state.endTimer = endMs === null ? null : self.after(Math.max(1, endMs - self.wallMs()), 'end');
}
