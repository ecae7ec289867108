import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type { ModelMessage, TextPart } from "../../ports/language-model.ts";
import type { StoredTurn } from "./response-store.ts";

/** What a caller sent, as items: a plain string is one user message. */
export function inputItemsOf(input: CreateResponseBody["input"]): InputItem[] {
  if (input === undefined) {
    throw new ApiError("missing_required_parameter", "Missing required parameter: 'input'.", { param: "input" });
  }
  if (typeof input !== "string") return input;
  return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
}

/** Everything that was said before, oldest first: of each turn its input, then its output. */
export function historyItems(turns: readonly StoredTurn[]): (InputItem | OutputItem)[] {
  return turns.flatMap((turn) => [...turn.inputItems, ...turn.output]);
}

/**
 * Items as the messages of a model that reads text only.
 * @throws ApiError `unsupported_modality` or `unsupported_parameter`, with the item's place, for what it can't read.
 */
export function toModelMessages(
  history: readonly (InputItem | OutputItem)[],
  input: readonly InputItem[],
): ModelMessage[] {
  return [
    ...history.map((item) => toMessage(item, "previous_response_id")),
    ...input.map((item, index) => toMessage(item, `input[${index}]`)),
  ];
}

function toMessage(item: InputItem | OutputItem, place: string): ModelMessage {
  if (!("role" in item)) {
    throw new ApiError(
      "unsupported_parameter",
      `This model can't continue from an item of type '${item.type ?? "item_reference"}' yet. Send messages only.`,
      { param: place },
    );
  }
  const content = item.content as string | readonly { readonly type: string }[];
  if (typeof content === "string")
    return { role: item.role as ModelMessage["role"], content: [{ type: "text", text: content }] };
  return {
    role: item.role as ModelMessage["role"],
    content: content.map((part, index) => toTextPart(part, `${place}.content[${index}]`)),
  };
}

function toTextPart(part: { readonly type: string }, place: string): TextPart {
  if ("text" in part && typeof part.text === "string") return { type: "text", text: part.text };
  if ("refusal" in part && typeof part.refusal === "string") return { type: "text", text: part.refusal };
  throw new ApiError("unsupported_modality", `This model reads text only; it can't take '${part.type}'.`, {
    param: place,
  });
}
