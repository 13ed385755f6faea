/**
 * The loop of a process that somebody forked to be told what to do: each order is answered with one report, an order that
 * fails with its reason, and the process ends with its parent. Under the workers of the benches and of the soak.
 */

interface Failed {
  type: 'failed';
  reason: string;
}

/** From now on; `obey` may take an order while others are under way. */
export function obeyOrders<Order, Report extends { type: string }>(
  obey: (order: Order) => Promise<Report>,
): void {
  process.on('message', (order: Order) => {
    const tell = (report: Report | Failed) => void process.send!(report);
    obey(order).then(tell, (error: unknown) =>
      tell({ type: 'failed', reason: error instanceof Error ? error.stack! : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}
