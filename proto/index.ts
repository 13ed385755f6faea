/** The room's door: the contracts that we speak with programs at the edge, and their messages as plain objects. */
export {
  type DocumentDown,
  type DocumentEnd,
  type DocumentHeld,
  type DocumentOpen,
  type DocumentPart,
  type DocumentReceived,
  type DocumentUp,
  documentMethods,
} from './documents.ts';
export { type EnrollRequest, type EnrollResponse, enrollmentMethods } from './enrollment.ts';
export { loadMethods, type ServiceMethods } from './load.ts';
export type {
  AgentCheckConfig,
  AgentConfigRequest,
  AgentConfigResponse,
  AgentHelloRequest,
  AgentHelloResponse,
  ChunkPlace,
  CommandAck,
  CommandProgress,
  CommandRequest,
  CommandResult,
  ConfigAck,
  ControlStreamHello,
  ControlStreamRequest,
  ControlStreamResponse,
  GatewayServiceStatus,
  GatewayStatusChunk,
  GatewayStatusRequest,
  PollerStatusChunk,
  PollerStatusRequest,
  ResultsChunk,
  ResultsRequest,
  ResultsResponse,
  ServiceStatus,
  StatusReceived,
  StatusRequest,
  StatusResponse,
} from './monitoring.ts';
export { agentMethods, gatewayMethods, pollerMethods } from './monitoring.ts';
export { type RenewRequest, type RenewResponse, renewalMethods } from './renewal.ts';
export { type SourceGiven, type SourceTake, sourceMethods } from './sources.ts';
