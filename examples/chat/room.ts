/** A room: knows who is in it, tells all what one says, and watches everybody, wherever they run. */
import type { RunningNode } from 'picket/cluster';
import { defineActor, type Ref } from 'picket/runtime';
import type { MemberProtocol } from './member.js';

export interface RoomProtocol {
  start: [];
  /** Answers who is there, the one who comes included. */
  call: { join(nick: string, member: Ref<MemberProtocol>): string[] };
  cast: { say(nick: string, text: string): void };
}

interface Guest {
  readonly nick: string;
  readonly member: Ref<MemberProtocol>;
}

export function roomKey(name: string) {
  return { tenant: 'default', partition: 'default', kind: 'room', id: name };
}

export function room(node: RunningNode, name: string) {
  // By monitor: its number is what `down` brings when a guest's actor, process or machine is gone.
  return defineActor<Map<number, Guest>, RoomProtocol>({
    name: 'room',
    init(self) {
      node.names.register(roomKey(name), self.ref, { host: node.node });
      return new Map();
    },
    call: {
      join(self, nick, member) {
        for (const guest of self.state.values()) self.cast(guest.member).hear(`* ${nick} came`);
        self.state.set(self.monitor(member), { nick, member });
        return [...self.state.values()].map((guest) => guest.nick).sort();
      },
    },
    cast: {
      say(self, nick, text) {
        for (const guest of self.state.values()) self.cast(guest.member).hear(`${nick}: ${text}`);
      },
    },
    info(self, info) {
      if (info.type !== 'down') return;
      const gone = self.state.get(info.monitor);
      self.state.delete(info.monitor);
      for (const guest of self.state.values()) self.cast(guest.member).hear(`* ${gone?.nick} left`);
    },
  });
}
