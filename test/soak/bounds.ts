/** Bounds of the soak, by name, unit last. */

export const inputsDefault = 1_000_000;
/** A target says how far it is at least this often, or it hangs: a thousand inputs take less than a second. */
export const reportInputs = 50_000;
export const silenceMsMax = 120_000;
/** What the heap may hold after a collection beyond what it held after the first inputs: caches fill, nothing else grows. */
export const heapGrowthBytesMax = 32 * 2 ** 20;
