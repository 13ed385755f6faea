/**
 * What a link has still to write, in two lanes: system frames go before user frames. Knows bytes alone; when it is
 * written, and how much may wait, is the link's business.
 */
export class LinkQueue {
  private system: Uint8Array[] = [];
  private user: Uint8Array[] = [];
  /** Of both lanes. */
  bytes = 0;

  put(head: Uint8Array, payload: Uint8Array, isSystem: boolean): void {
    const lane = isSystem ? this.system : this.user;
    lane.push(head);
    if (payload.length > 0) lane.push(payload);
    this.bytes += head.length + payload.length;
  }

  /** What is to be written now, in order. */
  take(isSystemAlone: boolean): { chunks: Uint8Array[]; bytes: number } {
    const chunks = isSystemAlone ? this.system : this.system.concat(this.user);
    this.system = [];
    if (!isSystemAlone) this.user = [];
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    this.bytes -= bytes;
    return { chunks, bytes };
  }

  clear(): void {
    this.system = [];
    this.user = [];
    this.bytes = 0;
  }
}
