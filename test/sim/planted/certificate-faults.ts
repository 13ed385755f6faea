/** Faults of certificates, planted in the watch over links: revoking, renewing, ending. */
import type { Link } from '../../../cluster/link.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { Planted } from './planted.ts';

interface Watch {
  refuse(watched: { link: Link }, judgement: { code: string }): void;
  prove(watched: unknown, version: number): void;
  renewal(link: Link, payload: Uint8Array): void;
}

const watchOf = (life: Life) => (insidesOf(life.node).mesh as unknown as { watch: Watch }).watch;

export const certificateFaults: readonly Planted[] = [
  {
    name: 'who is revoked keeps the links that it has',
    plant(life) {
      const watch = watchOf(life);
      const refuse = watch.refuse.bind(watch);
      watch.refuse = (watched, judgement) => {
        if (judgement.code !== 'revoked') refuse(watched, judgement);
      };
    },
  },
  {
    name: 'a renewal drops the link: it is not proven on those that are open',
    plant(life) {
      watchOf(life).prove = () => {};
    },
  },
];
