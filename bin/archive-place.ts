/**
 * Where a command keeps archives and with which keys: what `--to`, `--keys`, the environment and the data folder say,
 * between the commands of `picket backup` and the store. The one reader of these settings.
 */
import { systemClock } from '../runtime/index.ts';
import {
  type ArchivePlace,
  folderPlace,
  type KeyRing,
  openKeyRing,
  readKeyRing,
  type S3Credentials,
  s3Place,
} from '../store/index.ts';
import { dataFolder } from './data-folder.ts';
import { CommandFailure, usage } from './failure.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A folder, or `s3://bucket/prefix`; unless told, PICKET_BACKUPS or `backups` of the data folder. */
export function openPlace(given: string | undefined, data: string, environment: Environment): ArchivePlace {
  const to = given || environment.PICKET_BACKUPS || dataFolder(data).at('backups');
  if (!/^[a-z0-9]+:\/\//.test(to)) return folderPlace(to, systemClock());
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w./-]*))?$/.exec(to);
  if (match === null) throw usage(`"${to}" is neither a folder nor s3://bucket/prefix`);
  const [, bucket, prefix = ''] = match;
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1';
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL || null;
  return s3Place({
    bucket: bucket!,
    prefix: prefix.replace(/^\/+|\/+$/g, ''),
    region,
    endpoint,
    credentials: credentialsOf(environment),
    clock: systemClock(),
  });
}

function credentialsOf(environment: Environment): S3Credentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, sessionToken: environment.AWS_SESSION_TOKEN || null };
  throw new CommandFailure(
    'place_unusable',
    'a bucket needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_REGION, AWS_ENDPOINT_URL where it is not AWS)',
  );
}

/** The file of the key ring: `--keys`, PICKET_VAULT_KEYS, or the data folder's own. */
export function ringFile(
  given: string | undefined,
  data: string,
  environment: Environment,
): { file: string; isOwn: boolean } {
  const named = given || environment.PICKET_VAULT_KEYS;
  if (named) return { file: named, isOwn: false };
  return { file: dataFolder(data).at('secrets/vault.keys'), isOwn: true };
}

/** A ring that is named must be there; the data folder's own is made on first use, when `mayMake`. */
export function openKeys(
  given: string | undefined,
  data: string,
  environment: Environment,
  mayMake: boolean,
): KeyRing {
  const { file, isOwn } = ringFile(given, data, environment);
  return isOwn && mayMake ? openKeyRing(file, systemClock().wallMs()) : readKeyRing(file);
}
