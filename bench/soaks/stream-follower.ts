import type { ServerProcess } from "@headrace/server/testing/server-process.ts";

export type FollowedEvent = {
  readonly type: string;
  readonly sequence_number: number;
  readonly response?: { status: string };
};

export type Followed = {
  readonly events: readonly FollowedEvent[];
  /** How often the stream was taken up. */
  readonly connections: number;
  /** The longest time without an event, in milliseconds. */
  readonly longestSilenceMs: number;
};

const endTypes = new Set(["response.completed", "response.incomplete", "response.failed"]);
const againMs = 100;

/**
 * Reads a response's stream to its end, on any of the servers, and takes it up on another where its connection breaks.
 * @param anyServer one that may be alive.
 */
export async function followResponse(id: string, anyServer: () => ServerProcess): Promise<Followed> {
  const events: FollowedEvent[] = [];
  let lastMs = performance.now();
  let longestSilenceMs = 0;
  for (let connections = 1; ; connections++) {
    try {
      const cursor = events.at(-1)?.sequence_number;
      const query = cursor === undefined ? "" : `&starting_after=${cursor}`;
      const answer = await anyServer().send("GET", `/v1/responses/${id}?stream=true${query}`);
      if (!answer.ok || answer.body === null) throw new Error(`${answer.status} ${await answer.text()}`);
      let text = "";
      for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
        text += piece;
        const end = text.lastIndexOf("\n\n");
        if (end < 0) continue;
        for (const frame of text.slice(0, end).split("\n\n")) {
          const data = frame.split("\ndata: ")[1];
          if (data === undefined) continue;
          events.push(JSON.parse(data) as FollowedEvent);
          longestSilenceMs = Math.max(longestSilenceMs, performance.now() - lastMs);
          lastMs = performance.now();
        }
        text = text.slice(end + 2);
      }
    } catch (error) {
      // A killed process: another one goes on.
      if (!(error instanceof Error)) throw error;
    }
    if (endTypes.has(events.at(-1)?.type ?? "")) return { events, connections, longestSilenceMs };
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}
