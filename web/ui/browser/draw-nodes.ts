/** Draws the table of the cluster's nodes. */
import type { PageNode } from '../live-message.ts';
import { orderedNodes, type PageState } from '../page-state.ts';
import { figure, latencyText, type Tone } from '../words.ts';
import { bodyOf, byId, cell, element, keyedRows, type Row, setAttribute, setText } from './elements.ts';

interface Shown {
  node: PageNode;
  /** It serves this page: its round trip is to itself. */
  own: boolean;
  /** What sets it apart from the others. */
  marks: readonly string[];
}

const tones: Readonly<Record<PageNode['status'], Tone>> = {
  up: 'up',
  suspect: 'degraded',
  down: 'down',
  left: 'unknown',
};

export function nodesDrawer(): (state: PageState) => void {
  const rows = keyedRows<Shown>(bodyOf('nodes'), ({ node }) => node.name, nodeRow);
  return ({ picture }) => {
    if (picture === null) return;
    const { tenant, nodes } = picture;
    const marksOf = ({ name }: PageNode) => [
      ...(name === tenant.holder ? ['holds the tenant'] : []),
      ...(name === picture.node ? ['serves this page'] : []),
    ];
    rows.draw(
      orderedNodes(picture).map((node) => ({ node, own: node.name === picture.node, marks: marksOf(node) })),
    );
    const up = nodes.filter(({ status }) => status === 'up').length;
    setText(
      byId('nodes-aside'),
      up === nodes.length ? `all ${figure(up)} up` : `${figure(up)} of ${figure(nodes.length)} up`,
    );
  };
}

function nodeRow(): Row<Shown> {
  const status = element('span', 'state');
  const name = element('div', 'name clamp');
  const address = element('div', 'under');
  const role = element('span', '');
  const pid = element('span', '');
  const trip = element('span', '');
  const root = element(
    'tr',
    '',
    cell('', null, status),
    cell('', null, name, address),
    cell('', 'role', role),
    cell('figure', 'process', pid),
    cell('figure', 'round trip', trip),
  );
  return {
    root,
    update({ node, own, marks }) {
      status.dataset.tone = tones[node.status];
      setText(status, node.status);
      setText(name, node.name);
      setAttribute(name, 'title', node.name);
      setText(address, [node.address === '' ? 'address not known' : node.address, ...marks].join(' · '));
      setText(role, node.role);
      setText(pid, node.pid === null ? '–' : String(node.pid));
      const measured = !own && (node.status === 'up' || node.status === 'suspect');
      setText(trip, measured ? latencyText(node.rtt_ms) : '–');
    },
  };
}
