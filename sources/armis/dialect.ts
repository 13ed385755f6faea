/**
 * How Armis is listed (API v1): a secret key gives an access token for some minutes; a query in AQL is answered in pages `from`,
 * `length`, each of which tells where the next one begins.
 */
import { member, textOf } from '../device-update.ts';
import type { Authorize, Dialect, ListedDevice, PageAsk, PageRead } from '../dialect.ts';
import { fault, isFault, type SourceFault } from '../errors.ts';
import { limits } from '../limits.ts';
import type { JudgedSettings } from '../settings.ts';
import { readArmisDevice } from './device.ts';

const allDevices = 'in:devices';

export function armisDialect(settings: JudgedSettings, listedAt: string, hasKnown: boolean): Dialect {
  const { base, pageItems, partition } = settings;
  const ask = (aql: string, from: number, length: number): PageAsk => {
    const url = new URL('api/v1/search/', base);
    url.search = new URLSearchParams({
      aql,
      from: String(from),
      length: String(length),
      includeSample: 'false',
      includeTotal: 'true',
    }).toString();
    return { url };
  };
  const aql = settings.query ?? allDevices;
  return {
    source: 'armis',
    idKey: 'armis_device_id',
    first: ask(aql, 0, pageItems),
    read(body, asked, isKnown) {
      const frame = { partition, listedAt, hasKnown, isKnown };
      return readPage(body, fromOf(asked), frame, (from) => ask(aql, from, pageItems));
    },
    // A device that the query does not find any more is gone from this source, even if Armis still has it.
    byIds: (ids) => ask(`${aql} deviceId:(${ids.filter(isWord).join(',')})`, 0, limits.confirmedIdsMax),
    complete: null,
  };
}

/** What goes into a query between the brackets: an id of theirs is a number, and no more than a word. */
const isWord = (id: string) => /^[A-Za-z0-9_-]+$/.test(id);

const fromOf = ({ url }: PageAsk) => Number(url.searchParams.get('from'));

function readPage(
  body: unknown,
  from: number,
  frame: Parameters<typeof readArmisDevice>[1],
  ask: (from: number) => PageAsk,
): PageRead | SourceFault {
  const data = member(body, 'data');
  const results = member(data, 'results');
  if (member(body, 'success') === false || !Array.isArray(results))
    return fault('bad_answer', 'the search was not answered as Armis does: a list of results is missing');
  if (results.length > limits.pageItemsMax)
    return fault('bad_answer', `a page of ${results.length} devices is more than was asked for`);
  const devices = results
    .map((entry) => readArmisDevice(entry, frame))
    .filter((one): one is ListedDevice => one !== null);
  const bad = results.length - devices.length;
  const said = member(data, 'next') ?? null;
  const next = typeof said === 'string' && /^\d{1,15}$/.test(said) ? Number(said) : said;
  if (next !== null && !Number.isSafeInteger(next))
    return fault('bad_answer', 'where the next page begins is no number');
  // Some builds tell 0 for none.
  const nextFrom = next === 0 ? null : (next as number | null);
  if (nextFrom !== null && nextFrom <= from)
    return fault('paging_stuck', `after ${from} the next page was said to begin at ${nextFrom}`);
  const total = member(data, 'total');
  return {
    devices,
    bad,
    total: Number.isSafeInteger(total) && (total as number) >= 0 ? (total as number) : null,
    next: nextFrom === null ? null : ask(nextFrom),
  };
}

/** The token goes into a header as it is, without a word before it. */
export function armisAuthorize({ base }: JudgedSettings, secretKey: string): Authorize {
  return async (ask) => {
    const answered = await ask(
      new URL('api/v1/access_token/', base),
      new URLSearchParams({ secret_key: secretKey }).toString(),
    );
    if (isFault(answered)) return refusedKey(answered);
    const token = textOf(member(member(answered.body, 'data'), 'access_token'), limits.credentialsCharsMax);
    if (token === null || !/^[\x21-\x7e]+$/.test(token))
      return fault('bad_answer', 'no access token was given for the secret key');
    return { headers: { authorization: token } };
  };
}

/** A wrong key is answered in several ways; all mean the same to who gave it. */
function refusedKey(why: SourceFault): SourceFault {
  if (why.code !== 'unauthorized' && why.code !== 'forbidden' && why.code !== 'unexpected_status') return why;
  return fault(
    'unauthorized',
    `no token is given for the secret key (${why.detail}): make a new one in Armis, and set it`,
  );
}
