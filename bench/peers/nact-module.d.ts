/** What the benches use of nact, which comes without types. */
declare module 'nact' {
  export interface NactRef {
    readonly path: unknown;
  }
  export interface NactContext {
    readonly self: NactRef;
    readonly sender: NactRef;
  }
  const nact: {
    start(): NactRef;
    stop(ref: NactRef): void;
    spawn<S, M>(
      parent: NactRef,
      handler: (state: S | undefined, message: M, context: NactContext) => S,
      name?: string,
    ): NactRef;
    dispatch(to: NactRef, message: unknown, sender?: NactRef): void;
    query(to: NactRef, message: (sender: NactRef) => unknown, timeoutMs: number): Promise<unknown>;
  };
  export default nact;
}
