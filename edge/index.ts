/** The room's door: what programs in customers' networks dial. */
export { type Gateway, type GatewayNeeds, openGateway } from './gateway.ts';
export { type EdgePeer, peerOf } from './peer.ts';
