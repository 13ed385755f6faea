/** The one file of the page that reads the browser's time and chance; everything else is given them. */

export function nowMs(): number {
  return Date.now();
}

export function spread(): number {
  return Math.random();
}

/** The answer cancels it. */
export function after(delayMs: number, task: () => void): () => void {
  const handle = setTimeout(task, delayMs);
  return () => clearTimeout(handle);
}

export function every(intervalMs: number, task: () => void): void {
  setInterval(task, intervalMs);
}
