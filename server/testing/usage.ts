import { inPlatform } from "../database/tenant.ts";
import type { TestServer } from "./test-server.ts";

export type BookedUsage = { status: string; estimated: boolean } & Record<string, number | string | boolean>;

/** Longest wait for a row: a request ends a little after its answer. In milliseconds. */
const waitMsMax = 10_000;

/** What was booked for an answer, one entry for each meter that is not zero. Waits until it is in the database. */
export async function usageOf(server: TestServer, response: Response): Promise<BookedUsage> {
  return usageOfRequest(server, response.headers.get("x-request-id") ?? "");
}

/** The same for a request that has no answer of its own, such as a turn of a WebSocket. */
export async function usageOfRequest(server: TestServer, requestId: string): Promise<BookedUsage> {
  const deadlineMs = performance.now() + waitMsMax;
  for (;;) {
    await server.platform.foldUsage();
    const rows = await inPlatform(server.foundation.database.db, (transaction) =>
      transaction.selectFrom("usage_events").selectAll().where("request_id", "=", requestId).execute(),
    );
    const [first] = rows;
    if (first !== undefined) {
      const quantities = rows.filter((row) => row.quantity !== "0" || row.meter === "output_tokens");
      return {
        status: first.status,
        estimated: first.estimated,
        ...Object.fromEntries(quantities.map((row) => [row.meter, Number(row.quantity)])),
      };
    }
    if (performance.now() > deadlineMs) throw new Error(`Nothing was booked for ${requestId}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What is booked for a request in all: how often it called a model, and whether it got all of an answer. */
export type BookedTotal = { readonly attempts: number; readonly isCompleted: boolean };

/** Request id -> what is booked for it, once there are at least so many requests. */
export async function bookedTotals(server: TestServer, requestsMin: number): Promise<Map<string, BookedTotal>> {
  const deadlineMs = performance.now() + waitMsMax;
  for (;;) {
    await server.platform.foldUsage();
    const rows = await inPlatform(server.foundation.database.db, (transaction) =>
      transaction.selectFrom("usage_events").select(["request_id", "attempt", "status"]).distinct().execute(),
    );
    const byRequest = Map.groupBy(rows, (row) => row.request_id);
    if (byRequest.size >= requestsMin || performance.now() > deadlineMs) {
      return new Map(
        [...byRequest].map(([requestId, attempts]) => {
          const isCompleted = attempts.some(({ status }) => status === "completed");
          return [requestId, { attempts: attempts.length, isCompleted }];
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
