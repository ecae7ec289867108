import type { StoredUsage } from "@headrace/server/testing/stored-usage.ts";
import type { UpstreamRecord } from "../upstream/journal.ts";
import type { Receipt } from "./receipt.ts";

/** How many tokens a bill may be ahead of what the upstream wrote: the journal's mark stands before the bytes go out. */
export const tokensAheadMax = 64;

export type Ledgers = {
  readonly upstream: readonly UpstreamRecord[];
  readonly receipts: readonly Receipt[];
  /** By request, its attempts in order. */
  readonly usage: ReadonlyMap<string, readonly StoredUsage[]>;
};

export type Reconciliation = {
  readonly requests: number;
  readonly tokens: { readonly received: number; readonly metered: number; readonly written: number };
  /** Requests by the status that is booked for their last attempt. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What does not agree, one a line. */
  readonly findings: readonly string[];
};

/** One request, as the three of them know it. */
type Joined = {
  readonly requestId: string;
  readonly written: readonly UpstreamRecord[];
  readonly receipt: Receipt | undefined;
  readonly booked: readonly StoredUsage[];
};

/**
 * Holds a bill against both ends of the wire. For each request: one booked row for each attempt and none more, numbered
 * from 1; received <= metered <= written + 64 tokens; a status that fits what the client saw.
 */
export function reconcile(ledgers: Ledgers): Reconciliation {
  const joined = join(ledgers);
  const statuses: Record<string, number> = {};
  for (const { booked } of joined) {
    const status = booked.at(-1)?.status ?? "not booked";
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return {
    requests: joined.length,
    tokens: {
      received: sum(joined.map(({ receipt }) => receipt?.tokens ?? 0)),
      metered: sum(joined.map(meteredOf)),
      written: sum(joined.map(writtenOf)),
    },
    statuses,
    findings: joined.flatMap((request) => findingsOf(request).map((finding) => `${request.requestId}: ${finding}`)),
  };
}

function join({ upstream, receipts, usage }: Ledgers): Joined[] {
  const writtenOf = Map.groupBy(
    upstream.filter(({ requestId }) => requestId !== undefined),
    ({ requestId }) => requestId as string,
  );
  // A client that never got a head has no request id; the upstream's journal knows whose case it was.
  const idOfCase = new Map(upstream.map((record) => [record.case, record.requestId]));
  const receiptOf = new Map<string, Receipt>();
  for (const receipt of receipts) {
    const requestId = receipt.requestId ?? idOfCase.get(receipt.case);
    if (requestId !== undefined) receiptOf.set(requestId, receipt);
  }
  const requestIds = new Set([...writtenOf.keys(), ...receiptOf.keys(), ...usage.keys()]);
  return [...requestIds].map((requestId) => ({
    requestId,
    written: writtenOf.get(requestId) ?? [],
    receipt: receiptOf.get(requestId),
    booked: usage.get(requestId) ?? [],
  }));
}

function findingsOf(request: Joined): string[] {
  return [...rowFindings(request), ...tokenFindings(request), ...statusFindings(request)];
}

function rowFindings({ written, receipt, booked }: Joined): string[] {
  const findings: string[] = [];
  if (booked.length < written.length)
    findings.push(`${written.length} attempts reached the upstream, ${booked.length} are booked`);
  if (booked.length === 0 && receipt?.outcome === "whole") findings.push("the client has an answer that nobody booked");
  // The account is opened before the upstream is called: what was killed between the two is booked and was never written.
  const unwritten = booked.length - written.length;
  if (unwritten > 1) findings.push(`${booked.length} attempts are booked, ${written.length} reached the upstream`);
  for (const [index, { attempt, quantities }] of booked.entries()) {
    if (attempt !== index + 1) findings.push(`attempt ${attempt} stands where ${index + 1} belongs`);
    if (quantities.requests !== 1) findings.push(`attempt ${attempt} counts as ${quantities.requests} requests`);
  }
  return findings;
}

function tokenFindings(request: Joined): string[] {
  const findings: string[] = [];
  const { receipt, booked } = request;
  const [received, metered, written] = [receipt?.tokens ?? 0, meteredOf(request), writtenOf(request)];
  if (received > metered) findings.push(`the client has ${received} tokens, ${metered} are metered`);
  if (metered > written + tokensAheadMax * Math.max(1, booked.length)) {
    findings.push(`${metered} tokens are metered, the upstream wrote ${written}`);
  }
  return findings;
}

/** Faults at the very end of an answer, all of which may have been read. */
const lacksOnlyItsEnd: ReadonlySet<string> = new Set(["no-done", "length"]);

function statusFindings({ written, receipt, booked }: Joined): string[] {
  const status = booked.at(-1)?.status;
  if (status === undefined || receipt === undefined) return [];
  const isWritten = written.some(({ complete, fault }) => complete || lacksOnlyItsEnd.has(fault ?? ""));
  const fitting = [...fittingStatuses(receipt.outcome, isWritten)];
  // Who leaves may have left in the middle of the error that the upstream was told to cause.
  if (receipt.outcome === "left" && written.some(({ fault }) => fault !== undefined)) fitting.push("failed");
  return fitting.includes(status) ? [] : [`booked as ${status}, though the client's answer was '${receipt.outcome}'`];
}

/** An answer that was read to its end by us may still be cut on its way to the client. */
function fittingStatuses(outcome: Receipt["outcome"], isWritten: boolean): readonly string[] {
  switch (outcome) {
    case "whole":
      return ["completed", "incomplete"];
    case "told":
      return ["failed", "interrupted"];
    case "left":
      return isWritten ? ["client_left", "completed"] : ["client_left"];
    case "cut":
      return isWritten ? ["interrupted", "completed"] : ["interrupted"];
  }
}

function meteredOf({ booked }: Joined): number {
  return sum(booked.map(({ quantities }) => quantities.output_tokens ?? 0));
}

function writtenOf({ written }: Joined): number {
  return sum(written.map(({ tokensWritten }) => tokensWritten));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
