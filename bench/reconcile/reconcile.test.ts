import { expect, test } from "bun:test";
import type { StoredUsage } from "@headrace/server/testing/stored-usage.ts";
import type { UpstreamRecord } from "../upstream/journal.ts";
import type { Receipt } from "./receipt.ts";
import { reconcile } from "./reconcile.ts";

const record = (change: Partial<UpstreamRecord> = {}): UpstreamRecord => ({
  case: "1",
  requestId: "req_1",
  path: "/v1/chat/completions",
  stream: true,
  status: 200,
  bytesWritten: 900,
  tokensWritten: 30,
  complete: true,
  startedAtMs: 0,
  endedAtMs: 1,
  ...change,
});
const receipt = (change: Partial<Receipt> = {}): Receipt => ({
  case: "1",
  requestId: "req_1",
  status: 200,
  tokens: 30,
  outcome: "whole",
  ...change,
});
const booked = (change: Partial<StoredUsage> = {}): StoredUsage => ({
  attempt: 1,
  status: "completed",
  estimated: false,
  quantities: { requests: 1, output_tokens: 30 },
  ...change,
});
const tokens = (count: number) => ({ quantities: { requests: 1, output_tokens: count } });

function findings(upstream: UpstreamRecord[], receipts: Receipt[], rows: StoredUsage[]): readonly string[] {
  return reconcile({ upstream, receipts, usage: new Map(rows.length === 0 ? [] : [["req_1", rows]]) }).findings;
}

test("books that agree have no findings", () => {
  expect(findings([record()], [receipt()], [booked()])).toEqual([]);
});

test("a killed request is found by the client's case where no head came, and may be booked though never written", () => {
  const { requestId: _, ...headless } = receipt({ status: 0, tokens: 0, outcome: "cut" });
  const cut = { complete: false, tokensWritten: 3 };
  expect(findings([record(cut)], [headless], [booked({ status: "interrupted", ...tokens(3) })])).toEqual([]);
  expect(findings([record(cut)], [headless], [booked({ status: "completed", ...tokens(3) })])).toHaveLength(1);
  expect(findings([], [], [booked({ status: "interrupted", ...tokens(0) })])).toEqual([]);
});

test("who left may have left in the middle of an error that the upstream was told to cause", () => {
  const left = receipt({ outcome: "left", tokens: 3 });
  expect(findings([record({ fault: "cut", complete: false })], [left], [booked({ status: "failed" })])).toEqual([]);
  expect(findings([record()], [left], [booked({ status: "failed" })])).toHaveLength(1);
  expect(findings([record({ fault: "no-done", complete: false })], [left], [booked()])).toEqual([]);
  expect(findings([record({ fault: "cut", complete: false })], [left], [booked()])).toHaveLength(1);
});

test.each([
  ["a request that is not booked", [record()], [receipt()], []],
  ["a row too many", [record()], [receipt()], [booked(), booked({ attempt: 2, ...tokens(0) }), booked({ attempt: 3 })]],
  ["an attempt that is missing", [record()], [receipt()], [booked({ attempt: 2 })]],
  ["one row that counts twice", [record()], [receipt()], [booked({ quantities: { requests: 2, output_tokens: 30 } })]],
  ["fewer tokens than the client has", [record()], [receipt()], [booked(tokens(29))]],
  ["more tokens than were written", [record()], [receipt()], [booked(tokens(95))]],
  ["a status that does not fit", [record()], [receipt()], [booked({ status: "client_left" })]],
])("it finds %s", (_, upstream, receipts, rows) => {
  expect(findings(upstream, receipts, rows).length).toBeGreaterThan(0);
});
