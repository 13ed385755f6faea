/** What a node process is told on its command line, judged: `picket node --role R --name N --listen HOST:PORT ...`. */
import { isNodeName, splitAddress, tenantOfNode } from '../cluster/index.ts';
import { usage } from './failure.ts';

export const roles = ['core', 'web', 'poller', 'agent'] as const;
export type Role = (typeof roles)[number];

export interface NodeFlags {
  role: string;
  name: string;
  listen: string;
  advertise?: string;
  discovery: string;
  seed: string[];
  data: string;
  credentials?: string;
  trustDomain?: string;
  svid?: string;
  policy?: string;
  crl?: string;
  http?: string;
  logFile?: string;
  logLevel: string;
  ownMachineTenant?: string;
  allowTenantNodes?: boolean;
}

export function judgeNodeFlags(flags: NodeFlags): NodeFlags & { role: Role } {
  if (!(roles as readonly string[]).includes(flags.role))
    throw usage(`--role must be one of ${roles.join(', ')}`);
  if (!isNodeName(flags.name) || tenantOfNode(flags.name) !== null)
    throw usage(`--name "${flags.name}": use a-z, 0-9, "_" and "-", at most 63`);
  if (flags.discovery !== 'static')
    throw usage(`--discovery "${flags.discovery}": only "static" is there so far`);
  const { host } = addressOf(flags.listen);
  if ((host === '0.0.0.0' || host === '::') && flags.advertise === undefined) {
    throw usage('--listen on every address needs --advertise: the others must know one');
  }
  for (const address of [flags.listen, flags.advertise, ...flags.seed]) {
    if (address === undefined) continue;
    addressOf(address);
  }
  return flags as NodeFlags & { role: Role };
}

function addressOf(text: string) {
  try {
    return splitAddress(text);
  } catch (error) {
    throw usage((error as Error).message);
  }
}
