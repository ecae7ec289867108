import { emitResponse } from "../inference/emit-response.ts";
import { createIdGenerator } from "../inference/ids.ts";
import { ResponseEmitter } from "../inference/response-emitter.ts";
import { newResponseObject, type ResponseObject } from "../inference/response-object.ts";
import type { ModelPart } from "../ports/language-model.ts";
import { type Script, sendEvents } from "./scripted-provider.ts";

/** What a provider that speaks Responses sends of a model that says these parts. */
export async function spoken(parts: readonly ModelPart[]): Promise<{ frames: string[]; response: ResponseObject }> {
  const ids = createIdGenerator(() => 1);
  const response = newResponseObject({ model: "upstream" }, { id: ids("resp"), createdAt: 1_700_000_000 });
  const emitter = new ResponseEmitter({ response, ids, nowMs: () => 1_700_000_001_000 });
  const frames: string[] = [];
  const said = (async function* () {
    yield* parts;
  })();
  const { signal } = new AbortController();
  for await (const event of emitResponse(said, emitter, { signal, onError: () => {} })) {
    frames.push(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  return { frames, response: emitter.response };
}

/** Answers as such a provider does, streamed or whole. */
export function speakResponses(...parts: readonly ModelPart[]): Script {
  return async (call, response) => {
    const { frames, response: whole } = await spoken(parts);
    if (call.body.stream === true) return sendEvents(response, frames);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(whole));
  };
}
