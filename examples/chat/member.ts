/**
 * One person's side: finds the room by name, joins it, watches it. When the room is gone with its host, the first of the
 * nodes that are left opens it again under the same name, and the others find it there.
 */
import type { RunningNode } from 'picket/cluster';
import { defineActor, type Ref, type Self } from 'picket/runtime';
import { type RoomProtocol, room, roomKey } from './room.js';

export interface MemberProtocol {
  start: [];
  call: Record<never, never>;
  cast: { typed(text: string): void; hear(line: string): void };
}

interface MemberState {
  room: Ref<RoomProtocol> | null;
  /** The room that we asked to be let in. */
  asked: Ref<RoomProtocol> | null;
  /** What was typed while there was no room. */
  readonly unsaid: string[];
}

const againMs = 200;

export function member(node: RunningNode, roomName: string, print: (line: string) => void) {
  const nick = node.node;
  const enter = (self: Self<MemberState, MemberProtocol>) => {
    let found = node.names.lookup<RoomProtocol>(roomKey(roomName));
    if (found === null && node.members.live('core')[0] === nick) found = self.spawn(room(node, roomName));
    self.state.asked = found;
    if (found === null) self.after(againMs, 'enter');
    else self.pipe(self.call(found).join(nick, self.ref), 'joined');
  };
  return defineActor<MemberState, MemberProtocol>({
    name: 'member',
    init(self) {
      self.state = { room: null, asked: null, unsaid: [] };
      enter(self);
      return self.state;
    },
    call: {},
    cast: {
      typed(self, text) {
        if (self.state.room === null) self.state.unsaid.push(text);
        else self.cast(self.state.room).say(nick, text);
      },
      hear: (_self, line) => print(line),
    },
    info(self, info) {
      const { state } = self;
      if (info.type === 'timeout') enter(self);
      else if (info.type === 'done' && info.error !== null) self.after(againMs, 'enter');
      else if (info.type === 'done' && state.asked !== null) {
        state.room = state.asked;
        self.monitor(state.room);
        print(`* in ${roomName} on ${state.room.node}: ${(info.value as string[]).join(', ')}`);
        for (const text of state.unsaid.splice(0)) self.cast(state.room).say(nick, text);
      } else if (info.type === 'down') {
        state.room = null;
        print(`* ${roomName} is gone, looking for it`);
        enter(self);
      }
    },
  });
}
