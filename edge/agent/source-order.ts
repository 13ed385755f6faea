/**
 * A run of a source as a gateway's command says it (`source.run`): which run, of which source, and whether it was begun before. Pure.
 * Where the source is and what opens it is not in it: that is asked for under this agent's certificate.
 */

export interface SourceOrder {
  readonly run: string;
  readonly source: string;
  /** It was begun here: if nothing is known of it, this program was started anew since, and does not begin again. */
  readonly resume: boolean;
}

const word = /^[A-Za-z0-9_.-]{1,128}$/;

/** What is wrong with it, when it is a text. */
export function readSourceOrder(said: Record<string, unknown>): SourceOrder | string {
  const { run, source, resume } = said;
  if (typeof run !== 'string' || !word.test(run)) return 'run must be a word';
  if (typeof source !== 'string' || !word.test(source)) return 'source must be a word';
  return { run, source, resume: resume === true };
}
