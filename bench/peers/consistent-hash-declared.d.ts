/** What we use of `consistent-hash` 1.2, which has no types of its own; written from its Readme and its source. */
declare module 'consistent-hash' {
  class ConsistentHash {
    constructor(options?: {
      readonly distribution?: 'random' | 'uniform';
      readonly orderNodes?: (nodes: string[]) => string[];
    });
    add(node: string): this;
    remove(node: string): this;
    /** Null without nodes. */
    get(resourceName: string): string | null;
  }
  export default ConsistentHash;
}
