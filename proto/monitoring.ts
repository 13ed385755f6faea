/**
 * The contract `monitoring` that agents and pollers of the ServiceRadar family speak, as plain objects: what the loader
 * makes of `monitoring/*.proto`, whose comments say what the fields mean.
 */
import { loadMethods, type ServiceMethods } from './load.ts';

export const gatewayMethods = (): ServiceMethods =>
  loadMethods('monitoring/gateway.proto', 'monitoring.AgentGatewayService');
export const pollerMethods = (): ServiceMethods =>
  loadMethods('monitoring/poller.proto', 'monitoring.PollerService');
export const agentMethods = (): ServiceMethods =>
  loadMethods('monitoring/agent.proto', 'monitoring.AgentService');

export interface AgentHelloRequest {
  agentId: string;
  version: string;
  capabilities: string[];
  hostname: string;
  os: string;
  arch: string;
  partition: string;
  configVersion: string;
  labels: Record<string, string>;
  configSource: string;
}

export interface AgentHelloResponse {
  accepted: boolean;
  agentId: string;
  message: string;
  gatewayId: string;
  /** Unix seconds. */
  serverTime: number;
  heartbeatIntervalSec: number;
  configOutdated: boolean;
}

export interface AgentConfigRequest {
  agentId: string;
  configVersion: string;
}

export interface AgentConfigResponse {
  notModified: boolean;
  configVersion: string;
  /** Unix seconds. */
  configTimestamp: number;
  heartbeatIntervalSec: number;
  configPollIntervalSec: number;
  checks: AgentCheckConfig[];
  configJson: Uint8Array;
}

export interface AgentCheckConfig {
  checkId: string;
  checkType: string;
  name: string;
  enabled: boolean;
  intervalSec: number;
  timeoutSec: number;
  target: string;
  port: number;
  path: string;
  method: string;
  settings: Record<string, string>;
}

/** What `GatewayStatusRequest` and `GatewayStatusChunk` have in common. */
export interface GatewayStatusRequest {
  services: GatewayServiceStatus[];
  gatewayId: string;
  agentId: string;
  timestamp: number;
  partition: string;
  sourceIp: string;
  kvStoreId: string;
  configSource: string;
  version: string;
  hostname: string;
  os: string;
  arch: string;
}

export interface ChunkPlace {
  isFinal: boolean;
  chunkIndex: number;
  totalChunks: number;
}

export interface GatewayStatusChunk extends GatewayStatusRequest, ChunkPlace {}

export interface GatewayServiceStatus {
  serviceName: string;
  available: boolean;
  message: Uint8Array;
  serviceType: string;
  /** Nanoseconds. */
  responseTime: number;
  agentId: string;
  gatewayId: string;
  partition: string;
  source: string;
  kvStoreId: string;
}

/** `GatewayStatusResponse` and `PollerStatusResponse`. */
export interface StatusReceived {
  received: boolean;
}

export interface ControlStreamRequest {
  /** Absent: none that we know. */
  payload?: 'hello' | 'commandAck' | 'commandProgress' | 'commandResult' | 'configAck';
  hello?: ControlStreamHello;
  commandAck?: CommandAck;
  commandProgress?: CommandProgress;
  commandResult?: CommandResult;
  configAck?: ConfigAck;
}

export type ControlStreamResponse = { command: CommandRequest } | { config: AgentConfigResponse };

export type ControlStreamHello = AgentHelloRequest;

export interface CommandRequest {
  commandId: string;
  commandType: string;
  payloadJson: Uint8Array;
  ttlSeconds: number;
  /** Unix seconds. */
  createdAt: number;
}

export interface CommandAck {
  commandId: string;
  commandType: string;
  timestamp: number;
  message: string;
}

export interface CommandProgress extends CommandAck {
  progressPercent: number;
  payloadJson: Uint8Array;
}

export interface CommandResult extends CommandAck {
  success: boolean;
  payloadJson: Uint8Array;
}

export interface ConfigAck {
  configVersion: string;
  timestamp: number;
}

export interface PollerStatusRequest {
  services: ServiceStatus[];
  pollerId: string;
  agentId: string;
  timestamp: number;
  partition: string;
  sourceIp: string;
  kvStoreId: string;
}

export interface PollerStatusChunk extends PollerStatusRequest, ChunkPlace {}

export interface ServiceStatus {
  serviceName: string;
  available: boolean;
  message: Uint8Array;
  serviceType: string;
  /** Nanoseconds. */
  responseTime: number;
  agentId: string;
  pollerId: string;
  partition: string;
  source: string;
  kvStoreId: string;
}

/** What is asked of agents that only listen (`AgentService`). */
export interface StatusRequest {
  serviceName: string;
  serviceType: string;
  agentId: string;
  gatewayId: string;
  details: string;
  port: number;
}

export interface StatusResponse {
  /** True of every agent that answers: what it found stands in the message. */
  available: boolean;
  /** JSON. */
  message: Uint8Array;
  serviceName: string;
  serviceType: string;
  /** Nanoseconds. */
  responseTime: number;
  agentId: string;
  gatewayId: string;
}

export interface ResultsRequest extends Omit<StatusRequest, 'port'> {
  /** What was taken before; empty: nothing. */
  lastSequence: string;
}

export interface ResultsResponse extends Omit<StatusResponse, 'message'> {
  data: Uint8Array;
  timestamp: number;
  currentSequence: string;
  hasNewData: boolean;
  executionId: string;
  sweepGroupId: string;
}

export interface ResultsChunk extends ChunkPlace {
  data: Uint8Array;
  currentSequence: string;
  timestamp: number;
}
