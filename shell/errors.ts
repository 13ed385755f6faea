/**
 * The closed set of what the remote shell refuses a session or a line with, and how a command says no. A line may also end
 * with the code of whatever it asked: a procedure, the cluster, the runtime.
 */

export type ShellErrorCode =
  /** The line has no command in it that the shell knows: `help` lists them. */
  | 'no_such_command'
  /** The line cannot be read: a quote is not closed, a character is none that a line may have, or it is too long. */
  | 'bad_line'
  /** The command is there, and what follows its name is not as its help says. */
  | 'bad_words'
  /** The session is read-only: open it with `--write`. */
  | 'read_only'
  /** The certificate lacks the right that this needs. */
  | 'no_right'
  /** The command is not for an operator of one tenant. */
  | 'not_for_tenants'
  /** This node runs no JavaScript of operators: it was not started with `--allow-eval`. */
  | 'eval_off'
  /** The JavaScript threw; what it threw is in the text. */
  | 'eval_failed'
  /** A line of this session runs still: cancel it first. */
  | 'line_runs'
  /** There is no such session of this certificate here: it ended, or never was. */
  | 'no_such_session'
  /** The session has no such line any more. */
  | 'no_such_run'
  /** The operator, or the node, has as many sessions as it may. */
  | 'too_many_sessions'
  /** Lines or sessions of this certificate, or of its tenant's operators, come faster than they may; it did not run. */
  | 'too_fast'
  /** So much was written down of this certificate's sessions, or of its tenant's, that no line of them runs for a while. */
  | 'record_spent'
  /** Sessions are for certificates of operators. */
  | 'not_an_operator'
  /** The operator cancelled the line. */
  | 'cancelled'
  /** The line took longer than its command may. */
  | 'deadline'
  /** Nobody asked for the line's output for so long that it was ended. */
  | 'not_read'
  /** The session ended while the line ran. */
  | 'session_ended'
  /** What is to be written down first could not be kept on the node's disk, so it did not run. */
  | 'record_failed'
  /** No core took the record of a line that changes something, so it did not run. */
  | 'record_unreachable'
  /** No actor of this name, key or number lives where it was looked for. */
  | 'no_such_actor'
  /** The actor lives on another node: go there first. */
  | 'lives_elsewhere'
  /** No supervisor of this node would start the actor again. */
  | 'not_supervised'
  /** The actor did not end in time; its handler may be waiting for something. */
  | 'still_runs'
  /** No core answers. */
  | 'no_core'
  /** No node of this name is known. */
  | 'no_such_node'
  /** No tenant has this slug or id. */
  | 'no_such_tenant'
  /** Nobody wants a child of this id. */
  | 'no_such_child'
  /** The command failed in a way that it has no word for; the text says how. */
  | 'command_failed';

export class ShellError extends Error {
  readonly code: ShellErrorCode;

  constructor(code: ShellErrorCode, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'ShellError';
    this.code = code;
  }
}
