/** Which nodes a one-machine cluster has: `core=1,web=1,poller=2,agent=1` to names, judged. Pure. */
import { usage } from '../failure.ts';
import { type Role, roles } from '../node-options.ts';

export const defaultPlan = 'core=1,web=1,poller=2,agent=1';

export interface PlannedNode {
  name: string;
  role: Role;
}

const most: Readonly<Record<Role, number>> = { core: 20, web: 1, poller: 50, agent: 50 };

export function planNodes(text: string): PlannedNode[] {
  const counts = new Map<Role, number>();
  for (const part of text.split(',')) {
    const match = /^\s*([a-z]+)=(\d+)\s*$/.exec(part);
    const role = match?.[1] as Role | undefined;
    if (match === null || role === undefined || !roles.includes(role)) {
      throw usage(`--nodes "${text}": write ROLE=COUNT separated by commas, as in ${defaultPlan}`);
    }
    if (counts.has(role)) throw usage(`--nodes: ${role} is named twice`);
    if (Number(match[2]) > most[role]) throw usage(`--nodes: at most ${most[role]} of role ${role}`);
    counts.set(role, Number(match[2]));
  }
  if ((counts.get('core') ?? 0) === 0) throw usage('--nodes: a cluster needs at least one core');
  return roles.flatMap((role) =>
    Array.from({ length: counts.get(role) ?? 0 }, (_, index) => ({ name: `${role}_${index + 1}`, role })),
  );
}
