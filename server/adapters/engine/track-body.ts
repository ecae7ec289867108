import type { AnswerBody } from "../../ports/upstream.ts";

/** The same body; `onEnd` is called once when it was read to its end, broke off, or was cancelled. */
export function trackBody(body: AnswerBody, onEnd: () => void): AnswerBody {
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    onEnd();
  };
  return {
    async read() {
      try {
        const piece = await body.read();
        if (piece === undefined) over();
        return piece;
      } catch (error) {
        over();
        throw error;
      }
    },
    cancel() {
      over();
      body.cancel();
    },
  };
}
