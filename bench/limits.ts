/** Every bound of the benches, by name, unit last: how much is measured, and how long something may take to answer. */

/** One figure of a round of `remote` is measured for this long. */
export const remoteFigureMs = 400;
/** Messages between two waits of a sender for its receiver. */
export const burstMessages = 1_000;
/** Messages and bytes that a remote sender gives away before it lets others have their turn. */
export const remoteBurstMessages = 64;
export const remoteBurstBytes = 256 * 1024;
/** How long a sender waits when the link says that it is busy. */
export const linkBusyWaitMs = 1;
/** A worker or a peer that has not answered by then is taken for hung, and the bench fails. */
export const answerTimeoutMs = 60_000;
/** Two nodes that are not linked by then will not be. */
export const linkTimeoutMs = 15_000;
/** Between two looks at whether they are. */
export const linkPollMs = 20;
/** A program that was told to end is killed after this. */
export const closeTimeoutMs = 3_000;
/** How often the event loop is looked at while its stalls are measured; shorter is not to be had from a timer. */
export const stallTickMs = 1;
/** Nodes and children that have not come to where they should be by then never will. */
export const settleTimeoutMs = 30_000;
