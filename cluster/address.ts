/** Addresses of nodes as they stand in flags, greetings and views: `host:port` or `[v6]:port`. Pure. */
import { ClusterError } from './errors.ts';

const addressPattern = /^(?:\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;
const addressCharactersMax = 300;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Null when the text is none. Port 0 is one to listen on. */
export function readAddress(text: unknown): Address | null {
  if (typeof text !== 'string' || text.length > addressCharactersMax) return null;
  const match = addressPattern.exec(text);
  const port = Number(match?.[3]);
  return match === null || port > 65_535 ? null : { host: (match[1] ?? match[2])!, port };
}

/** Throws `bad_name` with what was expected. */
export function splitAddress(text: string): Address {
  const address = readAddress(text);
  if (address !== null) return address;
  throw new ClusterError('bad_name', `"${text}" is no address: expected HOST:PORT or [IPV6]:PORT`);
}

export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
