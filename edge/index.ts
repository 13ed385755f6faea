/** The room's door: what programs in customers' networks dial. */
export { type AgentDoor, type AgentDoorNeeds, openAgentDoor } from './agent-door.ts';
export { type EdgePeer, peerOf } from './peer.ts';
