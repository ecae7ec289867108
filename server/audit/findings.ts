import type { AuditFindingKind } from "@headrace/contract/headrace/audit-verification.ts";

export type FindingKind = AuditFindingKind;

/** `sequence` is the place in the chain. */
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
