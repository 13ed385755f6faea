/** What a user's row may say, judged before it is sealed: afterwards nobody can look. Pure. */
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import { normalEmail } from './vault/blind-index.ts';

export const userRoles = ['admin', 'operator', 'viewer'] as const;
export type UserRole = (typeof userRoles)[number];

/** Ways to reach a person, by name: `phone`, `pager`, ... */
export type Contact = Readonly<Record<string, string>>;

export interface NewUser {
  role: UserRole;
  name: string;
  /** Kept as it was written; compared in its normal form. */
  email: string;
  contact?: Contact;
}

/** What is given is judged, what is not is left out. Throws `bad_email`, `bad_row`. */
export function judgeUser<Given extends Partial<NewUser>>(given: Given): Given {
  const judged = { ...given };
  const { role, name, email, contact } = given;
  if (role !== undefined && !userRoles.includes(role))
    throw badRow(`a role is one of ${userRoles.join(', ')}: ${JSON.stringify(role)}`);
  if (name !== undefined) judged.name = shownText(name, 'a name', limits.userNameCharsMax);
  if (email !== undefined) {
    if (typeof email !== 'string' || normalEmail(email) === null)
      throw new StoreError('bad_email', `${JSON.stringify(email)} is no address of mail: NAME@HOST`);
    judged.email = email.trim();
  }
  if (contact !== undefined) judgeContact(contact);
  return judged;
}

function judgeContact(contact: Contact): void {
  const entries = typeof contact === 'object' && contact !== null ? Object.entries(contact) : [];
  if (
    typeof contact !== 'object' ||
    contact === null ||
    Array.isArray(contact) ||
    entries.length > limits.contactFieldsMax
  )
    throw badRow(`contact data are at most ${limits.contactFieldsMax} texts by name`);
  for (const [name, value] of entries) {
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(name))
      throw badRow(`${JSON.stringify(name)} is no name of contact data: a-z, 0-9 and "_", at most 40`);
    shownText(value, name, limits.contactCharsMax);
  }
}

/** Without space around it; something, on one line, and not too long. Throws `bad_row`. */
export function shownText(text: unknown, what: string, charsMax: number): string {
  const trimmed = typeof text === 'string' ? text.trim() : '';
  if (trimmed !== '' && trimmed.length <= charsMax && !/[\p{Cc}\p{Cs}]/u.test(trimmed)) return trimmed;
  throw badRow(`${what} is 1 to ${charsMax} characters on one line`);
}

export function parseContact(text: string): Contact {
  return JSON.parse(text) as Contact;
}

export function badRow(detail: string): StoreError {
  return new StoreError('bad_row', detail);
}
