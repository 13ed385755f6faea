/** Whether a group of devices may be made as somebody said it. Pure; asked by the doors before the store. */
import { groupDescriptionCharactersMax, groupNameCharactersMax } from './limits.ts';
import type { NewDeviceGroup } from './ports/device-group.ts';

/** As somebody wrote it. */
export interface DeviceGroupSaid {
  name?: unknown;
  description?: unknown;
}

export type JudgedDeviceGroup = { group: NewDeviceGroup } | { refused: 'bad_group'; detail: string };

export function judgeNewGroup({ name, description }: DeviceGroupSaid): JudgedDeviceGroup {
  const named = shownText(name, groupNameCharactersMax);
  if (named === null || named === '')
    return bad(`a group has a name of 1 to ${groupNameCharactersMax} printable characters`);
  const described = shownText(description ?? '', groupDescriptionCharactersMax);
  if (described === null)
    return bad(`a description has at most ${groupDescriptionCharactersMax} printable characters`);
  return { group: { name: named, description: described === '' ? null : described } };
}

function bad(detail: string): JudgedDeviceGroup {
  return { refused: 'bad_group', detail };
}

/** Composed and without blanks around it; null: no text that can be shown. Half a surrogate pair is none: it would not come back as it was. */
function shownText(value: unknown, charactersMax: number): string | null {
  if (typeof value !== 'string') return null;
  const text = value.trim().normalize('NFC');
  return text.length > charactersMax || /[\p{Cc}\p{Cs}]/u.test(text) ? null : text;
}
