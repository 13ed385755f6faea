/** The room's door: what programs in customers' networks dial. */
export { type Gateway, type GatewayNeeds, openGateway } from './agent-services.ts';
export { type EdgePeer, peerOf } from './peer.ts';
