/**
 * How untidy a made world is, as shares between 0 and 1. `tidyNoise` is what every network does to its inventory: addresses
 * move, cards and boards are replaced, ids are missing, names repeat. `hostileNoise` adds what lies: docks, clones,
 * cards that moved to another device, serials that are none.
 */

export interface Noise {
  /** Of the devices of a partition, a round: they trade addresses among themselves and with free ones. */
  readonly addressChanges: number;
  /** Of devices, a round: one card is replaced by a new one. */
  readonly cardReplaced: number;
  /** Of devices with a serial, a round: the board is replaced, and the serial with it. */
  readonly boardReplaced: number;
  /** Of phones, a round: another random, locally administered MAC. */
  readonly phoneMacRotates: number;
  /** Of what a source with ids of its own tells: the id is not in it. */
  readonly idMissing: number;
  /** Of devices: a host name that many carry (`localhost`), instead of one of their own. */
  readonly commonName: number;
  /** Of updates: the partition is only told by a `device_id` of the old form (`north:10.0.0.1`). */
  readonly legacyId: number;
  /** Of network gear: shows the virtual MAC of a redundancy protocol, the same on two devices. */
  readonly virtualMac: number;
  /** Of devices: an IPv6 address, which sources write differently. */
  readonly ipv6: number;
  /** Of updates: delivered once more, later, word for word. */
  readonly redelivered: number;
  /** Of devices, a round: their source says that they are gone. */
  readonly retracted: number;
  /** Of what laptops show as their MAC: that of the dock on which they stand. Docks have three to eight users. */
  readonly docked: number;
  /** Of devices: a serial from the list of words that are no serials, in any case. */
  readonly junkSerial: number;
  /** Of devices: a serial that a vendor put on a whole batch, and that is on nobody's list. */
  readonly batchSerial: number;
  /** Of servers: clones of each other, in twos to fives: the same serial, half of them also the same MAC. */
  readonly cloned: number;
  /** Of devices, a round: get a card that another device had before. */
  readonly cardMoved: number;
  /** Of network gear: pairs that share a virtual MAC which no list knows, in their interface tables too. */
  readonly ownVirtualMac: number;
}

export const tidyNoise: Noise = {
  addressChanges: 0.15,
  cardReplaced: 0.01,
  boardReplaced: 0.001,
  phoneMacRotates: 0.2,
  idMissing: 0.05,
  commonName: 0.05,
  legacyId: 0.05,
  virtualMac: 0.2,
  ipv6: 0.05,
  redelivered: 0.01,
  retracted: 0,
  docked: 0,
  junkSerial: 0,
  batchSerial: 0,
  cloned: 0,
  cardMoved: 0,
  ownVirtualMac: 0,
};

export const hostileNoise: Noise = {
  ...tidyNoise,
  docked: 0.3,
  junkSerial: 0.03,
  batchSerial: 0.005,
  cloned: 0.02,
  cardMoved: 0.001,
  ownVirtualMac: 0.1,
};
