import { createServer, type ServerResponse } from "node:http";

export type ChatProvider = AsyncDisposable & {
  /** The text of a headrace.yaml with this provider and its model `bench`. */
  readonly yaml: string;
  /** Called when the platform has closed a stream's socket. */
  onClosed: () => void;
};

const answer = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "bench",
  choices: [{ index: 0, message: { role: "assistant", content: "Yes." }, logprobs: null, finish_reason: "stop" }],
  usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
});
const delta = { index: 0, delta: { content: "word " }, finish_reason: null };
const frame = `data: ${JSON.stringify({ id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1, model: "bench", choices: [delta] })}\n\n`;
const framePeriodMs = 20;

/** A provider on loopback, in this process: whole answers at once, streams that never end. */
export async function startChatProvider(): Promise<ChatProvider> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += String(piece);
    if ((JSON.parse(body) as { stream?: boolean }).stream === true) endlessStream(response, () => provider.onClosed());
    else response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  const provider: ChatProvider = {
    yaml: `providers:\n  - name: bench\n    base_url: http://127.0.0.1:${address.port}/v1\n    apis: [chat]\nmodels:\n  - name: bench\n    provider: bench\n    model: bench\n`,
    onClosed: () => {},
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}

function endlessStream(response: ServerResponse, onClosed: () => void): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const timer = setInterval(() => response.write(frame), framePeriodMs);
  response.once("close", () => {
    clearInterval(timer);
    onClosed();
  });
}
