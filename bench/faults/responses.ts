import type { ServerProcess } from "@headrace/server/testing/server-process.ts";

export type ResponseWriter = {
  /** Asks for nothing more, and waits for what runs. */
  stop(): Promise<void>;
  /** Ids of the responses that were answered as stored. */
  readonly acknowledged: readonly string[];
  /** Statuses of the answers that were refusals. */
  readonly refusals: readonly number[];
};

/** Creates one stored response after the other, as fast as they are answered. */
export function startResponseWriter(server: ServerProcess): ResponseWriter {
  const acknowledged: string[] = [];
  const refusals: number[] = [];
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      const answer = await server.send("POST", "/v1/responses", { model: "planned", input: "<plan tokens=2>" });
      const body = (await answer.json()) as { id: string };
      if (answer.ok) acknowledged.push(body.id);
      else refusals.push(answer.status);
    }
  })();
  return {
    acknowledged,
    refusals,
    async stop() {
      isOver = true;
      await writing;
    },
  };
}

/** @returns those that are not there. */
export async function missingResponses(server: ServerProcess, ids: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const id of ids) {
    const answer = await server.send("GET", `/v1/responses/${id}`);
    await answer.text();
    if (answer.status !== 200) missing.push(`${id}, acknowledged, is answered with ${answer.status}`);
  }
  return missing;
}
