/** The codes with which a reconciler refuses what it is asked, and single device updates. What is wrong with an update as such: `identity/`. */

export type ReconcileRefusalCode =
  /** As many device updates wait for the tenant's reconciler as may: come again. */
  | 'reconciler_busy'
  /** More than 1,000 device updates in one message. */
  | 'too_many_updates'
  /** A fault of ours: nothing of it was kept, and the inventory goes on from what was. */
  | 'reconcile_failed'
  /** Nothing has seen a device of this id. */
  | 'unknown_device'
  /** The two are one device already. */
  | 'same_device'
  /** It is a component of ours, which is kept by its id and never grouped. */
  | 'service_component'
  /** The device is merged into nothing: there is no merge to undo. */
  | 'no_merge_audit_found'
  /** Of an update: it names another partition than that of who sent it. Of two devices: they are in different partitions. */
  | 'other_partition';

/** Why a device update is not taken, in the account of its document. */
export type UpdateRefusalCode =
  /** It names another partition than that of who sent it. */
  | 'other_partition'
  /** It asserts an id that a device of another partition has. */
  | 'id_of_other_partition'
  /** The tenant's reconciler holds as much as it may: what is known is seen, what is new is not added. */
  | 'inventory_full'
  /** The id of a service component is longer than 512 characters. */
  | 'service_id_too_long'
  /** The type of an integration is longer than 128 characters. */
  | 'integration_type_too_long'
  /** An identifier holds U+0000 or half a surrogate pair. */
  | 'identifier_is_no_text'
  /** An item of a document is no JSON. */
  | 'not_json'
  /** An item of a document is longer than 4 MiB. */
  | 'too_long';
