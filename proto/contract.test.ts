import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { agentMethods, gatewayMethods, loadMethods, pollerMethods } from './index.ts';

/** The public contract written down by hand: string unless said, `r` numbers are reserved. */
const contract = `
StatusRequest: service_name 1, service_type 2, agent_id 3, gateway_id 4, details 5, port int32 6
StatusResponse: available bool 1, message bytes 2, service_name 3, service_type 4, response_time int64 5, agent_id 6, gateway_id 7, r 8
ResultsRequest: service_name 1, service_type 2, agent_id 3, gateway_id 4, details 5, last_sequence 6, completion_status SweepCompletionStatus 7
ResultsResponse: available bool 1, data bytes 2, service_name 3, service_type 4, response_time int64 5, agent_id 6, gateway_id 7, timestamp int64 8, current_sequence 9, has_new_data bool 10, sweep_completion SweepCompletionStatus 11, execution_id 12, sweep_group_id 13
ResultsChunk: data bytes 1, is_final bool 2, chunk_index int32 3, total_chunks int32 4, current_sequence 5, timestamp int64 6
SweepCompletionStatus: r 9, UNKNOWN 0, NOT_STARTED 1, IN_PROGRESS 2, COMPLETED 3, FAILED 4, status Status 1, completion_time int64 2, target_sequence 3, total_targets int32 4, completed_targets int32 5, error_message 6, execution_id 7, sweep_group_id 8
PollerStatusRequest: services rep ServiceStatus 1, poller_id 2, agent_id 3, timestamp int64 4, partition 5, source_ip 6, kv_store_id 7
PollerStatusChunk: services rep ServiceStatus 1, poller_id 2, agent_id 3, timestamp int64 4, partition 5, source_ip 6, is_final bool 7, chunk_index int32 8, total_chunks int32 9, kv_store_id 10
PollerStatusResponse: received bool 1
ServiceStatus: service_name 1, available bool 2, message bytes 3, service_type 4, response_time int64 5, agent_id 6, poller_id 7, partition 8, source 9, kv_store_id 10
AgentHelloRequest: agent_id 1, version 2, capabilities rep string 3, hostname 4, os 5, arch 6, partition 7, config_version 8, labels map<string,string> 9, config_source 10
AgentHelloResponse: accepted bool 1, agent_id 2, message 3, gateway_id 4, server_time int64 5, heartbeat_interval_sec int32 6, config_outdated bool 7, r 8, r 9
AgentConfigRequest: agent_id 1, config_version 2
AgentConfigResponse: not_modified bool 1, config_version 2, config_timestamp int64 3, heartbeat_interval_sec int32 4, config_poll_interval_sec int32 5, checks rep AgentCheckConfig 6, config_json bytes 7, r 8, r 9, r 10, r 11, r 12, r 13
AgentCheckConfig: check_id 1, check_type 2, name 3, enabled bool 4, interval_sec int32 5, timeout_sec int32 6, target 7, port int32 8, path 9, method 10, settings map<string,string> 11
GatewayStatusRequest: services rep GatewayServiceStatus 1, gateway_id 2, agent_id 3, timestamp int64 4, partition 5, source_ip 6, kv_store_id 7, r 8, r 9, config_source 10, version 11, hostname 12, os 13, arch 14
GatewayStatusChunk: services rep GatewayServiceStatus 1, gateway_id 2, agent_id 3, timestamp int64 4, partition 5, source_ip 6, is_final bool 7, chunk_index int32 8, total_chunks int32 9, kv_store_id 10, r 11, r 12, config_source 13, version 14, hostname 15, os 16, arch 17
GatewayServiceStatus: service_name 1, available bool 2, message bytes 3, service_type 4, response_time int64 5, agent_id 6, gateway_id 7, partition 8, source 9, kv_store_id 10, r 11, r 12
GatewayStatusResponse: received bool 1
ControlStreamRequest: r 6, hello ControlStreamHello 1, command_ack CommandAck 2, command_progress CommandProgress 3, command_result CommandResult 4, config_ack ConfigAck 5
ControlStreamResponse: r 3, command CommandRequest 1, config AgentConfigResponse 2
ControlStreamHello: agent_id 1, partition 2, capabilities rep string 3, config_version 4, version 5, hostname 6, os 7, arch 8, labels map<string,string> 9, config_source 10
CommandRequest: command_id 1, command_type 2, payload_json bytes 3, ttl_seconds int64 4, created_at int64 5
CommandAck: command_id 1, command_type 2, timestamp int64 3, message 4
CommandProgress: command_id 1, command_type 2, progress_percent int32 3, message 4, timestamp int64 5, payload_json bytes 6
CommandResult: command_id 1, command_type 2, success bool 3, message 4, payload_json bytes 5, timestamp int64 6
ConfigAck: config_version 1, timestamp int64 2`;

/** By message: its fields in the notation above, sorted. */
function expected(): Record<string, string[]> {
  const lines = contract.trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [message = '', fields = ''] = line.split(': ');
      return [message, fields.split(/, (?=\w+ )/).sort()];
    }),
  );
}

function written(): Record<string, string[]> {
  const folder = new URL('./monitoring/', import.meta.url);
  const text = readdirSync(folder)
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n')
    .replace(/\/\/.*/g, '');
  const messages = text.matchAll(/^message (\w+) \{\n([\s\S]*?)^\}/gm);
  return Object.fromEntries(
    Array.from(messages, ([, message = '', body = '']) => [message, fieldsOf(body).sort()]),
  );
}

function fieldsOf(body: string): string[] {
  const fields = Array.from(
    body.matchAll(/^ +(repeated )?(map<string, string>|\w+) (\w+) = (\d+);/gm),
    ([, repeated, type = '', name, number]) => {
      const shown =
        type === 'string' && !repeated ? '' : `${repeated ? 'rep ' : ''}${type.replace(' ', '')} `;
      return `${name} ${shown}${number}`;
    },
  );
  const values = Array.from(
    body.matchAll(/^ +([A-Z_]+) = (\d+);/gm),
    ([, name, number]) => `${name} ${number}`,
  );
  const reserved = Array.from(body.matchAll(/reserved ([^;]+);/g), ([, list = '']) => list).flatMap(
    (list) => {
      const range = /^(\d+) to (\d+)$/.exec(list);
      if (range === null) return list.split(', ').map((number) => `r ${number}`);
      const [from, to] = [Number(range[1]), Number(range[2])];
      return Array.from({ length: to - from + 1 }, (_, at) => `r ${from + at}`);
    },
  );
  return [...fields, ...values, ...reserved];
}

describe('the contracts with programs at the edge', () => {
  it('have the fields, numbers and types that those programs have', () => {
    expect(written()).toEqual(expected());
  });
  it('have the rpcs that those programs call', () => {
    const paths = (methods: ReturnType<typeof agentMethods>) =>
      Object.values(methods).map(({ path }) => path);
    expect(paths(gatewayMethods())).toEqual([
      '/monitoring.AgentGatewayService/Hello',
      '/monitoring.AgentGatewayService/GetConfig',
      '/monitoring.AgentGatewayService/PushStatus',
      '/monitoring.AgentGatewayService/StreamStatus',
      '/monitoring.AgentGatewayService/ControlStream',
    ]);
    expect(paths(pollerMethods())).toEqual([
      '/monitoring.PollerService/ReportStatus',
      '/monitoring.PollerService/StreamStatus',
    ]);
    expect(paths(agentMethods())).toEqual([
      '/monitoring.AgentService/GetStatus',
      '/monitoring.AgentService/GetResults',
      '/monitoring.AgentService/StreamResults',
    ]);
  });
  it('give what a message leaves out its default, and name what a choice holds', () => {
    const { Hello, ControlStream } = gatewayMethods();
    expect(Hello!.requestDeserialize(Buffer.alloc(0))).toMatchObject({
      agentId: '',
      capabilities: [],
      labels: {},
    });
    expect(ControlStream!.requestDeserialize(Buffer.from('0a030a0161', 'hex'))).toMatchObject({
      payload: 'hello',
      hello: { agentId: 'a' },
    });
  });
  it('say plainly when a service is not there', () => {
    expect(() => loadMethods('monitoring/agent.proto', 'monitoring.Nobody')).toThrow('no service');
  });
});
