/** Sends one request and shows its answer as it comes: streamed events appear one by one. */
export async function send({ method, target, key, body, signal }, { status, answer }) {
  const startedAtMs = performance.now();
  const headers = {
    ...(key && { authorization: `Bearer ${key}` }),
    ...(body && { "content-type": "application/json" }),
  };
  status.className = "status";
  status.textContent = "waiting …";
  answer.hidden = false;
  answer.textContent = "";
  try {
    const reply = await fetch(target, { method, headers, body, signal });
    if (!reply.ok) status.classList.add("bad");
    await show(reply, answer);
    const tookMs = Math.round(performance.now() - startedAtMs);
    status.textContent = `${reply.status} ${reply.statusText} · ${tookMs} ms · ${reply.headers.get("x-request-id") ?? ""}`;
  } catch (error) {
    status.classList.add("bad");
    status.textContent = error.name === "AbortError" ? "stopped" : `no answer: ${error.message}`;
  }
}

async function show(reply, answer) {
  const isStream = reply.headers.get("content-type")?.startsWith("text/event-stream");
  if (!isStream) {
    const text = await reply.text();
    answer.textContent = isJson(reply) ? JSON.stringify(JSON.parse(text), null, 2) : text;
    return;
  }
  for await (const text of chunks(reply.body.pipeThrough(new TextDecoderStream()))) {
    answer.append(text);
    answer.scrollTop = answer.scrollHeight;
  }
}

function isJson(reply) {
  return reply.headers.get("content-type")?.startsWith("application/json");
}

/** Not every browser's ReadableStream can be iterated. */
async function* chunks(stream) {
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
}
