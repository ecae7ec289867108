import type { ProjectOwner } from "../../../ports/principal.ts";

/** How long a process may be silent until others take its background responses over. In milliseconds. */
export const leaseMs = 8_000;

/** How old a lease may be until its process renews it, in milliseconds. */
export const renewMs = leaseMs / 4;

/** How often a process looks whether it has to, and whether its runs were cancelled or taken over. In milliseconds. */
export const watchMs = 400;

/** How often every process looks for background responses that were left, in milliseconds. */
export const lookMs = 1_500;

/** The right to run one background response: good for as long as nobody has raised the fence. */
export type Lease = {
  readonly responseId: string;
  readonly fence: number;
  /** Whose response it is. */
  readonly tenant: ProjectOwner;
};

/** The response was ended, or taken over: what this process still has of it counts for nothing. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
  /** Whether the response was cancelled. */
  readonly isCancelled: boolean;

  constructor(responseId: string, isCancelled: boolean) {
    super(`the lease of ${responseId} is lost`);
    this.isCancelled = isCancelled;
  }
}
