import { addItem, endItem, type ItemPlace, type ItemWriter } from "./item-writer.ts";
import type { CustomToolCallItem, FunctionCallItem, ItemStatus } from "./response-items.ts";

export type CallHead = { readonly tool: "function" | "custom"; readonly name: string; readonly callId: string };

/** Writes one call of a tool that the caller of the API runs: of a function, or of a custom tool with free text. */
export class CallWriter implements ItemWriter {
  readonly #place: ItemPlace;
  readonly #head: CallHead;
  #input = "";

  constructor(place: ItemPlace, head: CallHead) {
    this.#place = place;
    this.#head = head;
    addItem(place, this.#item("in_progress"));
  }

  /** A piece of the function's arguments or of the tool's input. */
  input(delta: string): void {
    const { log, id, outputIndex } = this.#place;
    this.#input += delta;
    log.addDelta({
      type:
        this.#head.tool === "function"
          ? "response.function_call_arguments.delta"
          : "response.custom_tool_call_input.delta",
      item_id: id,
      output_index: outputIndex,
      delta,
      sequence_number: log.number(),
    });
  }

  close(status: "completed" | "incomplete"): FunctionCallItem | CustomToolCallItem {
    const { log, id, outputIndex } = this.#place;
    const place = { item_id: id, output_index: outputIndex };
    if (this.#head.tool === "function") {
      log.add({
        type: "response.function_call_arguments.done",
        ...place,
        arguments: this.#input,
        sequence_number: log.number(),
      });
    } else {
      log.add({
        type: "response.custom_tool_call_input.done",
        ...place,
        input: this.#input,
        sequence_number: log.number(),
      });
    }
    return endItem(this.#place, this.#item(status));
  }

  #item(status: ItemStatus): FunctionCallItem | CustomToolCallItem {
    const { id } = this.#place;
    const { tool, name, callId: call_id } = this.#head;
    return tool === "function"
      ? { id, type: "function_call", status, arguments: this.#input, call_id, name }
      : { id, type: "custom_tool_call", status, input: this.#input, call_id, name };
  }
}
