import { log } from "./log.ts";

const encoder = new TextEncoder();

/**
 * A response that sends the generator's events as its reader takes them. Resolves with the first event in hand, so that
 * an error before it is thrown here and becomes an answer of its own; a later one cuts the connection. When the client
 * leaves, the generator is returned. `done` is called once at the end, however it ends.
 */
export async function sseResponse(
  events: AsyncGenerator<string>,
  signal: AbortSignal,
  done: () => void,
): Promise<Response> {
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    signal.removeEventListener("abort", stop);
    done();
  };
  const stop = (): void => {
    events
      .return(undefined)
      .catch((error: unknown) => log("warn", "a stream did not stop cleanly", { error: String(error) }))
      .finally(finish);
  };
  let first: IteratorResult<string> | undefined;
  try {
    first = await events.next();
  } catch (error) {
    finish();
    throw error;
  }
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const step = first ?? (await events.next());
          first = undefined;
          if (!step.done) return controller.enqueue(encoder.encode(step.value));
          controller.close();
        } catch (error) {
          if (!signal.aborted) log("error", "a stream broke off", { error: String(error) });
          controller.error(error);
        }
        finish();
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}
