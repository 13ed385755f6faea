/**
 * A kept result as the item of a push. What the contract has no field for stands in the message as JSON, which gateways of
 * other programs read as they read those of any agent: `available`, `response_time`, `error`. Pure.
 */
import type { GatewayServiceStatus } from '../../proto/index.ts';
import type { KeptResult } from './kept-result.ts';

export function itemOf(result: KeptResult): GatewayServiceStatus {
  const { checkId, kind, dueAtMs, startedAtMs, latencyMs, status, reason } = result;
  const available = status === 'success' || status === 'warning';
  const responseTime = latencyMs === null ? 0 : Math.round(latencyMs * 1e6);
  const message = {
    ...{ available, response_time: responseTime, status, due_at: dueAtMs, started_at: startedAtMs },
    ...(reason === null ? {} : { error: reason }),
  };
  return {
    ...{ serviceName: checkId, available, message: Buffer.from(JSON.stringify(message)) },
    ...{ serviceType: kind, responseTime, agentId: '', gatewayId: '', partition: '', source: 'status' },
    kvStoreId: '',
  };
}
