import type { StreamedBody, StreamOutcome } from "./endpoint.ts";

/**
 * A body whose reader sees its end only when `work` is done: who has seen the end may act on what `work` did. `work` is
 * called once, however the stream ended, and must not reject.
 * @param onPiece sees each piece before the reader does; the piece is gone afterwards.
 */
export function afterStream(
  body: StreamedBody,
  work: (outcome: StreamOutcome) => Promise<void>,
  onPiece: (piece: Uint8Array) => void = () => {},
): StreamedBody {
  const reader = body.stream.getReader();
  const finished = body.finished.then(async (outcome) => {
    await work(outcome);
    return outcome;
  });
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          await finished;
          controller.close();
          return;
        }
        onPiece(value);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, finished };
}
