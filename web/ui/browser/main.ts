/** The page's program: brings what happens to the page's state, and draws the state once for each frame at most. */
import { tickMs } from '../../limits.ts';
import { newPage, type PageEvent, stepPage } from '../page-state.ts';
import { announcer } from './announce.ts';
import { after, every, nowMs, spread } from './browser-clock.ts';
import { connect } from './connection.ts';
import { checksDrawer } from './draw-checks.ts';
import { headDrawer } from './draw-head.ts';
import { nodesDrawer } from './draw-nodes.ts';
import { resultsDrawer } from './draw-results.ts';

function main(): void {
  let state = newPage();
  let asked = false;
  const drawHead = headDrawer();
  const drawChecks = checksDrawer(() => take({ type: 'more_rows' }));
  const drawNodes = nodesDrawer();
  const drawResults = resultsDrawer();
  const announce = announcer(state);

  const draw = () => {
    asked = false;
    const here = nowMs();
    // Instants of checks are of the cluster's clock; those of the connection of this one.
    const there = here + state.clockAheadMs;
    drawHead(state, here);
    drawChecks(state, there);
    drawNodes(state);
    drawResults(state, there);
    announce(state);
  };
  const take = (event: PageEvent) => {
    state = stepPage(state, event);
    if (asked) return;
    asked = true;
    requestAnimationFrame(draw);
  };
  const open = () => {
    take({ type: 'connecting' });
    connect({
      onMessage: (message) => take({ type: 'message', message, nowMs: nowMs() }),
      onLost() {
        take({ type: 'lost', nowMs: nowMs(), spread: spread() });
        const { connection } = state;
        if (connection.phase === 'waiting') after(connection.retryAtMs - nowMs(), open);
      },
    });
  };
  open();
  every(tickMs, draw);
}

main();
