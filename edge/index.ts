/** The room's door: the port for programs in customers' networks, and how they get their certificate. */
export type { AgentDoor, DoorTotals, SenderOfDoor } from './agent-door.ts';
export type { EdgeAgentProtocol, OrderView } from './agent-state.ts';
export { openSourceDialler, type SourceDiallerNeeds } from './dial/open-source-dialler.ts';
export {
  type DocumentClientNeeds,
  type DocumentToSend,
  sendDocument,
} from './document-client.ts';
export type { DocumentSent, DocumentWire } from './document-wire.ts';
export { type EnrolmentAnswer, enrolAt } from './enrol-client.ts';
export { decideEnrolment, type EnrolDecision, type PackageRow } from './enrol-decision.ts';
export type { EnrolRefusal, EnrolRefusalCode } from './enrol-errors.ts';
export type { EnrolAnswer, EnrolQuestion } from './enrol-service.ts';
export { gateway } from './gateway.ts';
export type { AuthoritiesAnswer, AuthoritiesQuestion } from './imported-trust.ts';
export type { EdgeListener, EdgeTrust } from './listener.ts';
export type { BearerAnswer, BearerQuestion } from './listener-admission.ts';
export type { EdgeConnection } from './listener-connections.ts';
export type { ServedContract } from './listener-contract.ts';
export { announcePackage } from './package-news.ts';
export type { RenewAnswer, RenewQuestion } from './renew-calls.ts';
export { decideRenewal, type RenewDecision, type RenewRefusalCode } from './renew-decision.ts';
export { announceAuthorities } from './source-news.ts';
