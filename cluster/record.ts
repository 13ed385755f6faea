/**
 * A node's flight record from outside: the declared procedure that gives it away in parts, and the forms that a replay
 * needs. Between the node's recorder and the `picket` command. A part is one compressed segment, far below a frame's bound,
 * so a record of any size neither blocks a link nor is held twice.
 */
import { type AnyReplayForm, type Recorder, type RecordHead, supervisionForm } from '../runtime/index.ts';
import { ownerAmong } from './directory.ts';
import { ProcedureError } from './procedure-error.ts';
import type { Procedure } from './procedures.ts';
import { childrenForm } from './record-children.ts';
import { membershipForm } from './record-membership.ts';
import { registryForm } from './record-registry.ts';
import { specsForm } from './record-specs.ts';
import { splitForm } from './record-split.ts';

/** Of every machine that a node records. */
export function replayForms(): AnyReplayForm[] {
  return [membershipForm, splitForm, registryForm(ownerAmong), supervisionForm, childrenForm, specsForm];
}

/** `segment` null: what there is; a number: that segment, or null when it has made room meanwhile. */
export interface RecordQuestion {
  readonly segment: number | null;
}

export type RecordAnswer = RecordHead | Uint8Array | null;

export function recordProcedure(recorder: Recorder): Procedure {
  return {
    access: 'read',
    run(question: RecordQuestion | null): RecordAnswer {
      const segment = question?.segment ?? null;
      if (segment === null) return recorder.head();
      if (!Number.isSafeInteger(segment)) {
        throw new ProcedureError('bad_argument', 'the number of a segment was expected');
      }
      return recorder.segment(segment);
    },
  };
}
