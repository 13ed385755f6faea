/** Users and integrations as the command line prints them. Credentials are in none of them. */
import type { Integration, User } from '../store/index.ts';
import { instant } from './views.ts';

export interface UserView {
  id: string;
  role: string;
  name: string;
  email: string | null;
  contact: Readonly<Record<string, string>> | null;
  /** Code of why what is sealed does not open; null: it does. */
  unreadable: string | null;
  state: 'active' | 'archived';
  created_at: string;
  updated_at: string;
  archived_at: string | null;
}

export interface IntegrationView {
  id: string;
  name: string;
  kind: string;
  endpoint: string;
  credentials: 'set' | 'none';
  created_at: string;
  updated_at: string;
}

export function userView(user: User): UserView {
  const { id, role, name, email, contact, unreadable, createdAtMs, updatedAtMs, archivedAtMs } = user;
  return {
    id,
    role,
    name,
    email,
    contact,
    unreadable,
    state: archivedAtMs === null ? 'active' : 'archived',
    created_at: instant(createdAtMs),
    updated_at: instant(updatedAtMs),
    archived_at: archivedAtMs === null ? null : instant(archivedAtMs),
  };
}

export function integrationView(integration: Integration): IntegrationView {
  const { id, name, kind, endpoint, hasCredentials, createdAtMs, updatedAtMs } = integration;
  const credentials = hasCredentials ? 'set' : 'none';
  return {
    id,
    name,
    kind,
    endpoint,
    credentials,
    created_at: instant(createdAtMs),
    updated_at: instant(updatedAtMs),
  };
}
