/**
 * The closed set of what ends the agent's program or keeps it from its gateway, with what to do. What a gateway refuses with
 * has the gateway's code.
 */

export type AgentErrorCode =
  /** There is nothing of an enrolment in the folder. */
  | 'not_enrolled'
  /** What is in the folder is a certificate of something else than an agent. */
  | 'no_agent'
  /** The certificate has ended: a new package and a new enrolment are needed. */
  | 'certificate_expired'
  /** The certificate does not count; the text says why. */
  | 'certificate_refused'
  /** Config and results cannot be kept where they were to be. */
  | 'state_unusable'
  /** Another agent's program runs with this state. */
  | 'agent_runs'
  /** The gateway cannot be reached, or broke off. */
  | 'gateway_lost'
  /** Who answers there is not below our root: another cluster, or somebody between. */
  | 'gateway_refused'
  /** What was given for the new key is no certificate of ours. */
  | 'bad_renewal';

export class AgentError extends Error {
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AgentError';
    this.code = code;
  }
}
