import { expect, test } from "bun:test";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { inputItemsOf } from "../conversation-input.ts";
import { fromStoredRequest, toStoredRequest } from "./stored-request.ts";

const said: InputItem = { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] };

test.each<[string, CreateResponseBody["input"], InputItem[]]>([
  ["a text", "Hi", [said]],
  ["items", [said, said], [said, said]],
  ["a compaction that is asked for", [said, { type: "compaction_trigger" }], [said, { type: "compaction_trigger" }]],
])("a request with %s is the same for a second run", (_, input, again) => {
  const stored = toStoredRequest({ model: "m", background: true, input });
  expect(stored).not.toContain("Hi");
  const { body, rawBody } = fromStoredRequest(stored, inputItemsOf(input));
  expect(body).toEqual({ model: "m", background: true, input: again });
  expect(JSON.parse(new TextDecoder().decode(rawBody))).toEqual(body);
});
