/**
 * What may be under way in parts on one link, one way. Both ends keep to the same, and it is less when a tenant's node is
 * the sender. Between the fence, which knows who it is, and the two that count: lane.ts (writes) and parts.ts (takes).
 */
import { fencedPartedBytesMax, fencedPayloadBytesMax, frameBytesMax, partedBytesMax } from './limits.ts';

export interface PartBounds {
  /** A longer frame is not put together: its beginning is handed on for the refusal, and the rest of it let fall. */
  readonly frameBytesMax: number;
  /** Of all that are being put together, when they are whole. */
  readonly bytesMax: number;
}

/** More than the longest routing header. */
const headBytesMax = 4_096;

export const partBounds: PartBounds = { frameBytesMax, bytesMax: partedBytesMax };
export const fencedPartBounds: PartBounds = {
  frameBytesMax: fencedPayloadBytesMax + headBytesMax,
  bytesMax: fencedPartedBytesMax,
};
