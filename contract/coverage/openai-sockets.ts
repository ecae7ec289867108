/** Whole path, what opens it in the SDK, and the `OpenAI-Beta` header that tells it apart. */
type Row = readonly [path: string, sdkClass: string, betaHeader?: string];

/** The WebSockets of OpenAI's API: npm `openai` 7.57.0 (2026-11-13), `src/resources/**` and `src/realtime`. */
export const openaiSockets: readonly Row[] = [
  ["/v1/responses", "ResponsesWS"],
  ["/v1/responses", "beta ResponsesWS", "responses_multi_agent=v1"],
  ["/v1/realtime", "OpenAIRealtimeWS"],
  ["/v1/realtime/translations", "OpenAIRealtimeTranslationWS"],
  ["/v1/live/sessions", "LiveWS"],
  ["/v1/live/sessions/{session_id}/attach", "SidebandWS"],
  ["/v1/live/sessions/{session_id}/fork", "ForksWS"],
];
