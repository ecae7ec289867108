import type { Receipt } from "../reconcile/receipt.ts";
import type { Scene } from "./scene.ts";

export type SteadyLoad = {
  /** Answers that came whole so far. */
  whole(): number;
  /** Asks for nothing more, and waits for what runs. */
  stop(): Promise<readonly Receipt[]>;
};

type Asks = {
  /** Clients that ask for one stream after the other. */
  readonly streams: number;
  readonly streamPlan: string;
  /** Answers in one piece that are asked for in a second, however long each takes. */
  readonly wholesPerSecond: number;
  readonly wholePlan: string;
};

/** Clients that ask on and on, whatever they get. */
export function startSteadyLoad(scene: Scene, at: Parameters<Scene["ask"]>[0], asks: Asks): SteadyLoad {
  const receipts: Receipt[] = [];
  const running = new Set<Promise<void>>();
  let isOver = false;
  const ask = async (plan: string, stream: boolean): Promise<Receipt> => {
    const receipt = await scene.ask(at, { plan, stream });
    receipts.push(receipt);
    return receipt;
  };
  const own = (work: Promise<void>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  for (let client = 0; client < asks.streams; client++) {
    own(
      (async () => {
        while (!isOver) {
          const { outcome } = await ask(asks.streamPlan, true);
          // Who is refused comes again, and does not hammer.
          if (outcome !== "whole") await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      })(),
    );
  }
  const timer = setInterval(() => own(ask(asks.wholePlan, false).then(() => undefined)), 1000 / asks.wholesPerSecond);
  return {
    whole: () => receipts.filter(({ outcome }) => outcome === "whole").length,
    async stop() {
      isOver = true;
      clearInterval(timer);
      await Promise.all(running);
      return receipts;
    },
  };
}

const pauseMs = 100;
