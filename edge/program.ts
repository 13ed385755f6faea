/**
 * The second door of the room, for the agent's program alone: it loads no gateway, no cluster and no actors, so that an agent
 * in a customer's network is small.
 */
export type { AgentErrorCode } from './agent/errors.ts';
export type { AgentFacts } from './agent/gateway-session.ts';
export { type AgentNeeds, type RunningAgent, startAgent } from './agent/program.ts';
