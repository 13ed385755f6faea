/**
 * What a command of the remote shell is: its words, who may say it, and how its answer comes. Between the session, which
 * reads a line, judges it, writes it down and runs it within a deadline, and one file of `commands/` for each command. Text
 * alone goes out; a command never knows how it is shown.
 */
import type { ClusterNode } from '../cluster/index.ts';

/** `write` changes something and needs `--write`; `eval` runs code and needs that right as well. */
export type ShellAccess = 'read' | 'write' | 'eval';

/** Whose things a session may name, list, count and time. */
export interface ShellScope {
  /** The operator's name, from the certificate. */
  readonly operator: string;
  /** The id of the one tenant whose things these are; null for an operator of the platform. */
  readonly tenant: string | null;
}

/** One line that runs. */
export interface ShellCall {
  /** Where the session is. */
  readonly node: ClusterNode;
  readonly scope: ShellScope;
  /** What follows the command's name, without quotes. */
  readonly words: readonly string[];
  /** Of the operator's terminal, in characters. */
  readonly columns: number;
  readonly rows: number;
  /** Aborted by Ctrl-C, by the deadline and with the session: a command ends soon after. */
  readonly signal: AbortSignal;
  /**
   * A procedure of any node, this one too, in the name of the operator and within those rights; for an operator of one
   * tenant only those of `scoped-procedures.ts`. Rejects with a `ProcedureError` (the procedure's own code) or a
   * `ClusterError`.
   */
  ask<T>(node: string, procedure: string, argument: unknown): Promise<T>;
}

export interface ShellCommand {
  readonly name: string;
  /** `inspect ACTOR`: the line that help shows. */
  readonly usage: string;
  /** One sentence without a full stop. */
  readonly summary: string;
  readonly examples: readonly string[];
  readonly access: ShellAccess;
  /**
   * It keeps to `scope.tenant`: what is not that tenant's is to it as if it were not there, with the same answer and the same
   * work. Without this an operator of one tenant may not say it.
   */
  readonly forTenants?: true;
  /** Milliseconds; null: it lives until it is cancelled, or ends by itself. */
  readonly deadlineMs: number | null;
  /**
   * Pieces of text, asked for one by one as the operator reads, so that a long answer is never whole in memory; each is
   * at most `pieceCharactersMax` and took a few ms of the node. A piece that begins with a form feed is a new screen.
   * Throws a `ShellError`, or what `ask` rejected with.
   */
  run(call: ShellCall): AsyncIterable<string>;
  /** What the word at that place (0: the first after the name) may become. */
  complete?(call: ShellCall, word: string, at: number): Promise<readonly string[]>;
}
