import type { UpstreamAnswer } from "../ports/upstream.ts";

/** An upstream's answer as a Response, whose readers tests and benches have. */
export function responseOf({ contentType, body }: UpstreamAnswer): Response {
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await body.read();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel: () => body.cancel(),
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { headers: { "content-type": contentType } });
}
