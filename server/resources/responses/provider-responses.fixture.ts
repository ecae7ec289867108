/** What a provider that speaks Responses sends, made by hand after OpenAI's documented events. */

const message = (text: string, status = "completed") => ({
  id: "msg_upstream",
  type: "message",
  role: "assistant",
  status,
  content: status === "completed" ? [{ type: "output_text", text, annotations: [], logprobs: [] }] : [],
});

export function providerResponse(words: readonly string[], status: "in_progress" | "completed" = "completed") {
  const done = status === "completed";
  return {
    id: "resp_upstream",
    object: "response",
    created_at: 1_700_000_000,
    status,
    background: false,
    completed_at: done ? 1_700_000_001 : null,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    model: "upstream-native",
    output: done ? [message(words.join(""))] : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    prompt_cache_key: null,
    prompt_cache_retention: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    service_tier: "default",
    store: false,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: "auto",
    tools: [],
    top_logprobs: 0,
    top_p: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    truncation: "disabled",
    usage: done
      ? {
          input_tokens: 5,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
          output_tokens: words.length,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 5 + words.length,
        }
      : null,
    user: null,
    metadata: {},
    access_programs: null,
  };
}

/** A whole stream, one frame for each event. */
export function providerResponseFrames(words: readonly string[]): string[] {
  const text = words.join("");
  const place = { item_id: "msg_upstream", output_index: 0, content_index: 0 };
  const part = (content: string) => ({ type: "output_text", text: content, annotations: [], logprobs: [] });
  const events: Record<string, unknown>[] = [
    { type: "response.created", response: providerResponse(words, "in_progress") },
    { type: "response.in_progress", response: providerResponse(words, "in_progress") },
    { type: "response.output_item.added", output_index: 0, item: message("", "in_progress") },
    { type: "response.content_part.added", ...place, part: part("") },
    ...words.map((delta) => ({ type: "response.output_text.delta", ...place, delta, logprobs: [] })),
    { type: "response.output_text.done", ...place, text, logprobs: [] },
    { type: "response.content_part.done", ...place, part: part(text) },
    { type: "response.output_item.done", output_index: 0, item: message(text) },
    { type: "response.completed", response: providerResponse(words) },
  ];
  return events.map(
    (event, index) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`,
  );
}
