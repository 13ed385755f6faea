/** The room's door: the contracts that we speak with programs at the edge, and their messages as plain objects. */
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
  ServiceStatus,
  StatusReceived,
} from './monitoring.ts';
export { agentMethods, gatewayMethods, pollerMethods } from './monitoring.ts';
export { type RenewRequest, type RenewResponse, renewalMethods } from './renewal.ts';
