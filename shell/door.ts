/**
 * The shell's procedures on one node and its open sessions: how many, whose, and when they end. Between the cluster's
 * procedures, over which any node is reached through any other, and the sessions. A session belongs to the certificate
 * that opened it and to the connection that it came by: when either ends, so does it.
 */
import { type Caller, type ClusterNode, type OperatorRights, operatorRights } from '../cluster/index.ts';
import type { Clock, Log } from '../runtime/index.ts';
import { cells, whole } from './asked-numbers.ts';
import { askAs } from './asking.ts';
import type { ShellCall, ShellCommand } from './command.ts';
import { completeLine } from './completion.ts';
import { ShellError, type ShellErrorCode } from './errors.ts';
import { type Commands, judgeLine, type SessionRights } from './judge-line.ts';
import { lineCharactersMax, sessionLookMs } from './limits.ts';
import type { SessionEvent, SessionRecord, SessionRecords } from './ports/session-record.ts';
import { type RecordBudget, RecordBudgets } from './record-budget.ts';
import { type Runnable, Session } from './session.ts';
import { judgeRoom } from './session-room.ts';
import type { NextAnswer } from './session-state.ts';
import { outcomeOf } from './told-outcome.ts';

export interface ShellNeeds {
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly log: Log;
  /** Where sessions are written down. */
  readonly records: SessionRecords;
  readonly commands: readonly ShellCommand[];
  /** Whether operators with the right may run JavaScript here. */
  readonly allowsEval: boolean;
  /** The SPIFFE id of a caller. */
  nameOf(caller: Caller): string;
  /** A name for a session that nobody can guess and no other session has. */
  newId(): string;
}

export interface OpenAsked {
  readonly write: boolean;
  readonly columns: number;
  readonly rows: number;
}

export interface OpenAnswer {
  readonly session: string;
  readonly node: string;
  readonly role: string;
  readonly operator: string;
  readonly tenant: string | null;
  readonly mayWrite: boolean;
}

export interface LineAnswer {
  /** It goes on until it is cancelled: nobody reads it page by page. */
  readonly live: boolean;
}

export interface CompleteAnswer {
  /** What the word at the end of the line may become, and where that word begins. */
  readonly words: readonly string[];
  readonly at: number;
}

interface Arrival {
  readonly owner: string;
  readonly connection: string;
  readonly tenant: string | null;
  isGone: boolean;
}

interface Held {
  readonly session: Session;
  readonly owner: string;
  readonly connection: string;
  readonly rights: SessionRights;
  readonly caller: Caller;
}

export interface ShellDoor {
  /** Open sessions. */
  count(): number;
  /** Ends them all, and takes none any more. Resolves when their records are whole. */
  stop(reason: string): Promise<void>;
}

/** Declares the procedures on the node. */
export function openShell(needs: ShellNeeds): ShellDoor {
  const sessions = new Sessions(needs);
  const { node } = needs;
  const shell = (name: string, run: (argument: never, caller: Caller) => unknown) =>
    node.declare(name, { access: 'shell', run });
  shell('shell_open', (asked: OpenAsked, caller) => sessions.open(asked, caller));
  shell(
    'shell_line',
    (asked: { session: string; run: number; text: string }, caller): LineAnswer =>
      sessions.line(sessions.of(asked, caller), asked.run, asked.text),
  );
  shell(
    'shell_next',
    (asked: { session: string; run: number; at: number }, caller): Promise<NextAnswer> =>
      sessions.of(asked, caller).session.next(whole(asked.run), whole(asked.at)),
  );
  shell('shell_cancel', (asked: { session: string; run: number }, caller) => {
    sessions.of(asked, caller).session.cancel(whole(asked.run));
    return null;
  });
  shell('shell_resize', (asked: { session: string; columns: number; rows: number }, caller) => {
    sessions.of(asked, caller).session.resize(cells(asked.columns), cells(asked.rows));
    return null;
  });
  shell(
    'shell_complete',
    (asked: { session: string; line: string }, caller): Promise<CompleteAnswer> =>
      sessions.complete(sessions.of(asked, caller), asked.line),
  );
  shell('shell_close', async (asked: { session: string }, caller) => {
    await sessions.of(asked, caller).session.close('left');
    return null;
  });
  return sessions;
}

const connectionEnded = 'connection ended';

class Sessions implements ShellDoor {
  private readonly needs: ShellNeeds;
  private readonly commands: Commands;
  private readonly held = new Map<string, Held>();
  private readonly budgets: RecordBudgets;
  /** Sessions whose first entry is being written: they take room, and their connection may end meanwhile. */
  private readonly arriving = new Set<Arrival>();
  private stopped: string | null = null;
  private cancelLook: (() => void) | null = null;

  constructor(needs: ShellNeeds) {
    this.needs = needs;
    this.commands = new Map(needs.commands.map((command) => [command.name, command]));
    this.budgets = new RecordBudgets(() => needs.clock.monotonicMs(), needs.log);
    needs.node.procedures.gone.watch((isGone) => {
      for (const { session, connection } of [...this.held.values()])
        if (isGone(connection)) void session.close(connectionEnded);
      for (const arrival of this.arriving) arrival.isGone ||= isGone(arrival.connection);
    });
  }

  count(): number {
    return this.held.size;
  }

  async stop(reason: string): Promise<void> {
    this.stopped = reason;
    this.cancelLook?.();
    await Promise.all([...this.held.values()].map(({ session }) => session.close(reason)));
  }

  async open(asked: OpenAsked, caller: Caller): Promise<OpenAnswer> {
    const { node, clock, log, records, nameOf, newId, allowsEval } = this.needs;
    const rights = rightsOf(caller);
    const { connection } = caller;
    if (rights === null || connection === undefined || caller.identity.kind !== 'operator')
      throw new ShellError('not_an_operator', 'sessions are for certificates of operators');
    const mayWrite = asked?.write === true;
    if (mayWrite && !rights.write)
      throw new ShellError(
        'no_right',
        'the certificate has no right to write: open the session without --write',
      );
    const size = { columns: cells(asked?.columns), rows: cells(asked?.rows) };
    const owner = ownerOf(caller);
    const { tenant } = rights;
    const arrival = { owner, connection, tenant, isGone: false };
    this.makeRoom(arrival);
    const id = newId();
    const budget = this.budgets.of(owner, tenant);
    const { name: operator } = caller.identity;
    try {
      const over = budget.over();
      if (over !== null) throw new ShellError(over.code as ShellErrorCode, over.detail);
      budget.line();
      const identity = `${nameOf(caller)} ${caller.serial ?? ''}`.trim();
      const from = caller.address;
      const record = await begun(
        await records.open(id),
        { type: 'opened', operator, identity, from, tenant, mayWrite, ...size },
        clock.wallMs(),
        budget,
      );
      const ended = () => void this.held.delete(id);
      const told = (error: unknown) => outcomeOf(error, tenant);
      const session = new Session({ record, clock, log, ...size, budget, outcomeOf: told, ended });
      const held: Held = { session, owner, connection, rights: { rights, mayWrite, allowsEval }, caller };
      this.held.set(id, held);
      const why = this.stopped ?? (arrival.isGone ? connectionEnded : null);
      if (why !== null) await session.close(why);
    } catch (error) {
      const { code, detail } = outcomeOf(error, tenant);
      throw new ShellError(code as ShellErrorCode, detail, error);
    } finally {
      this.arriving.delete(arrival);
    }
    this.lookLater();
    const { role } = node.members.list().find(({ name }) => name === node.node) ?? { role: '' };
    return { session: id, node: node.node, role, operator, tenant, mayWrite };
  }

  /** Of another certificate, and by another connection of the same one, it is as if it were not there. */
  of(asked: { readonly session: string } | null, caller: Caller): Held {
    // A text and nothing else: what it takes to make one of whatever was sent is not for its sender to say.
    const name: unknown = asked?.session;
    const held = typeof name === 'string' ? this.held.get(name) : undefined;
    if (held === undefined || held.owner !== ownerOf(caller) || held.connection !== caller.connection)
      throw new ShellError('no_such_session', 'there is no such session here: it ended');
    return held;
  }

  line(held: Held, run: number, text: string): LineAnswer {
    if (typeof text !== 'string' || text.length > 2 * lineCharactersMax)
      throw new ShellError('bad_line', 'a line is a text of bounded length');
    const { command, words, refusal } = judgeLine(text, this.commands, held.rights);
    const runnable: Runnable = {
      access: refusal === null ? command!.access : 'refused',
      refusal,
      deadlineMs: command?.deadlineMs ?? null,
      begin: (size, signal) => command!.run(this.callOf(held, words, size, signal)),
    };
    held.session.line(whole(run), text, runnable);
    return { live: command !== null && command.deadlineMs === null };
  }

  async complete(held: Held, line: string): Promise<CompleteAnswer> {
    const size = held.session.used();
    const call = (words: readonly string[], signal: AbortSignal) => this.callOf(held, words, size, signal);
    if (typeof line !== 'string') throw new ShellError('bad_line', 'a line is a text');
    return await completeLine(line, this.commands, held.rights, call, this.needs.clock);
  }

  private callOf(
    { caller, rights: { rights } }: Held,
    words: readonly string[],
    { columns, rows }: { columns: number; rows: number },
    signal: AbortSignal,
  ): ShellCall {
    const { node } = this.needs;
    const { tenant } = rights;
    const operator = caller.identity.kind === 'operator' ? caller.identity.name : '';
    const ask = askAs(node, caller, tenant);
    return { node, scope: { operator, tenant }, words, columns, rows, signal, ask };
  }

  /** Room for one more, held while it opens. Those of tenants never take all of it. */
  private makeRoom(arrival: Arrival): void {
    if (this.stopped !== null)
      throw new ShellError('session_ended', `this node takes no sessions: ${this.stopped}`);
    const open = [...this.held.values()].map(({ owner, rights: { rights } }) => ({
      ...{ owner, tenant: rights.tenant },
    }));
    judgeRoom(arrival, [...open, ...this.arriving]);
    this.arriving.add(arrival);
  }

  private lookLater(): void {
    if (this.cancelLook !== null || this.stopped !== null) return;
    this.cancelLook = this.needs.clock.timer(sessionLookMs, () => {
      this.cancelLook = null;
      for (const { session } of [...this.held.values()]) session.look();
      if (this.held.size > 0) this.lookLater();
    });
  }
}

/** A record whose first entry could not be kept is ended at once. */
async function begun(
  record: SessionRecord,
  event: SessionEvent,
  atMs: number,
  budget: RecordBudget,
): Promise<SessionRecord> {
  budget.kept(event);
  try {
    await record.write(event, atMs);
    return record;
  } catch (error) {
    await record.end().catch(() => {});
    throw error;
  }
}

function rightsOf({ identity }: Caller): OperatorRights | null {
  return identity.kind === 'operator' ? operatorRights(identity.rights) : null;
}

function ownerOf({ identity, serial = '' }: Caller): string {
  return identity.kind === 'operator' ? `${identity.trustDomain}/${identity.name}/${serial}` : '';
}
