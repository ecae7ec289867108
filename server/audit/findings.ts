/** What can be wrong with an audit log. `sequence` is the place in the chain. */
export type FindingKind =
  /** A field of the event, or its hash, is not what was written. */
  | "event_altered"
  /** Events between two others are gone. */
  | "events_missing"
  /** The event does not follow from the one before it: that one was rewritten, or the two were exchanged. */
  | "chain_broken"
  /** The newest events are gone. */
  | "tail_cut"
  /** The database's note of the chain's end is gone, or not what was written. */
  | "chain_end_altered"
  /** The chain is another one than was signed: it was computed anew. */
  | "checkpoint_contradicted"
  /** The signature is not ours. */
  | "checkpoint_forged"
  /** A checkpoint is gone from the database. */
  | "checkpoint_missing"
  /** A line of the file of checkpoints is none. */
  | "checkpoint_unreadable";

export type Finding = { readonly kind: FindingKind; readonly sequence: number; readonly message: string };

/** Findings that a report names one by one; the others are only counted, so that a report has a bound. */
const findingsNamedMax = 100;

export class Findings {
  readonly named: Finding[] = [];
  total = 0;

  add(kind: FindingKind, sequence: number, message: string): void {
    this.total += 1;
    if (this.named.length < findingsNamedMax) this.named.push({ kind, sequence, message });
  }
}
