/** Why an agent that only listens could not be asked, or what was wrong with its answer: a closed set, kept with its source. */
export type DialFaultCode =
  /** Its address is one that shared pollers do not reach. */
  | 'target_not_allowed'
  /** Its name leads to no address. */
  | 'name_unknown'
  /** Nothing listens there, or nothing answered in time. */
  | 'unreachable'
  /** TLS did not come about: the agent refused our certificate, or speaks no TLS 1.3. */
  | 'handshake_failed'
  /** Its certificate is refused; the detail has the verdict. */
  | 'certificate_refused'
  /** Its certificate is a good one, of another bearer than the source says. */
  | 'wrong_agent'
  /** What we were to present cannot be used. */
  | 'bad_client_certificate'
  /** The connection ended in the middle, or the agent did not answer when it was asked whether it is there. */
  | 'connection_lost'
  /** No answer came in time. */
  | 'no_answer'
  /** The agent answered with a gRPC status that is not OK. */
  | 'agent_refused'
  /** What came is no answer of this contract. */
  | 'bad_answer'
  /** The document is no JSON, or not of the form of its type. */
  | 'bad_json'
  /** A chunk out of order, of another sequence, or a stream without its end: nothing of it was kept. */
  | 'bad_chunk'
  /** More bytes than may come. */
  | 'too_large'
  /** The store or the tenant's core did not take it: it is asked for again. */
  | 'not_taken'
  /** The poll was ended before this was asked. */
  | 'cancelled';

export interface DialFault {
  readonly fault: DialFaultCode;
  readonly detail: string;
}

export function faulty(fault: DialFaultCode, detail: string): DialFault {
  return { fault, detail };
}

export function isFault(value: unknown): value is DialFault {
  return typeof value === 'object' && value !== null && 'fault' in value && 'detail' in value;
}
