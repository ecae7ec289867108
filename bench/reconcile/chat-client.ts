import { type Asked, ask } from "./client.ts";
import type { Receipt } from "./receipt.ts";

/** One chat completion, as `Asked` describes it. */
export type ChatCase = Omit<Asked, "lane" | "more">;

/** Asks for one chat completion and writes down what came of it. Never rejects: what breaks is part of the receipt. */
export async function chatReceipt(asked: ChatCase): Promise<Receipt> {
  return (await ask({ ...asked, lane: "chat" })).receipt;
}
