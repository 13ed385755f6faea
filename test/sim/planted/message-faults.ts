/** Faults of messages between nodes: links, calls, monitors; planted in the mesh, the router and the runtime's relations. */
import type { RoutedFrame } from '../../../cluster/frame.ts';
import type { Link } from '../../../cluster/link.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { Planted } from './planted.ts';

interface Router {
  readonly calls: Map<number, unknown>;
  lost(node: string): void;
  nextCallId(): number;
  receive(link: Link, node: string, boot: number, frame: RoutedFrame): void;
}

const routerOf = (life: Life) => insidesOf(life.node).router as unknown as Router;

/** What becomes of the link to a node when another takes its place. */
function whenReplaced(life: Life, act: (present: Link) => void): void {
  const { mesh } = insidesOf(life.node);
  const { linkUp } = mesh;
  mesh.linkUp = (link) => {
    const identity = link.peer!.identity;
    const present = identity.kind === 'node' ? mesh.links.get(identity.name) : undefined;
    if (present !== undefined) present.retire = () => act(present);
    link.retire = () => act(link);
    linkUp.call(mesh, link);
  };
}

export const messageFaults: readonly Planted[] = [
  {
    name: 'a link that is replaced loses what is under way on it',
    plant: (life) =>
      whenReplaced(life, (link) => life.clock.soon(() => link.close('duplicate_link', 'another is kept'))),
  },
  {
    name: 'a link that is replaced is never closed',
    plant: (life) => whenReplaced(life, () => {}),
  },
  {
    name: 'monitors are not told of a lost link',
    plant(life) {
      life.node.system.nodeDown = () => {};
    },
  },
  {
    name: 'calls do not fail with their link',
    plant(life) {
      const router = routerOf(life);
      router.lost = (node) => life.node.system.nodeDown(node);
    },
  },
  {
    name: 'deadlines of calls are forgotten',
    plant(life) {
      const { wheel } = life.node.system;
      const set = wheel.set.bind(wheel);
      wheel.set = (timer, delayMs) => {
        if (!('promise' in timer)) set(timer, delayMs);
      };
    },
  },
  {
    name: 'numbers of calls are used again too soon',
    plant(life) {
      let last = 0;
      routerOf(life).nextCallId = () => ++last % 3;
    },
  },
  {
    name: 'a message for an earlier boot is delivered',
    plant(life) {
      const router = routerOf(life);
      const receive = router.receive.bind(router);
      router.receive = (link, node, boot, frame) =>
        receive(link, node, boot, { ...frame, toBoot: life.boot });
    },
  },
  {
    name: 'a message is delivered twice',
    plant(life, world) {
      const router = routerOf(life);
      const receive = router.receive.bind(router);
      router.receive = (link, node, boot, frame) => {
        receive(link, node, boot, frame);
        if (frame.kind === 'cast' && world.chance(0.05)) receive(link, node, boot, frame);
      };
    },
  },
  {
    name: 'two messages change places',
    plant(life, world) {
      const router = routerOf(life);
      const receive = router.receive.bind(router);
      let late: (() => void) | null = null;
      router.receive = (link, node, boot, frame) => {
        if (late === null && frame.kind === 'cast' && world.chance(0.2)) {
          late = () => receive(link, node, boot, frame);
          return;
        }
        receive(link, node, boot, frame);
        if (frame.kind === 'cast') {
          late?.();
          late = null;
        }
      };
    },
  },
  {
    name: 'a monitor is lost on its way',
    plant(life, world) {
      const router = routerOf(life);
      const receive = router.receive.bind(router);
      router.receive = (link, node, boot, frame) => {
        if (frame.kind !== 'monitor' || !world.chance(0.2)) receive(link, node, boot, frame);
      };
    },
  },
];
