/** The codes with which a run of a source ends that is placed at an agent, beside those of the listing itself (`sources/errors.ts`). */

export type PlacedListingCode =
  /** The agent at which the source is placed is not connected: the next run is at its time. */
  | 'agent_away'
  /** The agent went in the middle of the run, or was started anew: nothing is kept or retracted. */
  | 'agent_lost'
  /** The agent is connected and says nothing of the run any more. */
  | 'agent_silent'
  /** The agent is of a version that lists no sources. */
  | 'agent_too_old'
  /** The agent has too much under way. */
  | 'agent_busy'
  /** The agent knows nothing of the run that it began: its program was started anew. */
  | 'run_lost'
  /** No run of a source that is placed at this agent, in this partition, is under way under that id. */
  | 'not_placed'
  /** What the agent brought is no listing of this source: nothing of it is kept. */
  | 'bad_listing'
  /** The agent wants devices retracted that this source did not list, or that another source still has. */
  | 'foreign_retraction';

/** Why a source may not be placed where it was to be. */
export type PlaceRefusalCode =
  /** The tenant has no agent of that name: neither one that is connected nor a package for one. */
  | 'no_such_agent'
  /** The agent is in another partition than the source: what it reaches there are other devices. */
  | 'wrong_partition';
