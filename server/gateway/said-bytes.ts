/** Members that hold what a model says, on any of the wires. */
const sayingMembers = new Set(["content", "text", "refusal", "reasoning_content", "reasoning", "arguments", "input"]);

/** Bytes of what a model says in an answer that is not streamed: texts, thinking and the inputs of calls. */
export function saidBytesOf(answer: unknown): number {
  if (typeof answer !== "object" || answer === null) return 0;
  return Object.entries(answer).reduce(
    (sum, [name, value]) => sum + (name === "choices" || name === "output" ? bytesIn(value) : 0),
    0,
  );
}

function bytesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let bytes = 0;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== "string") bytes += bytesIn(member);
    else if (sayingMembers.has(name)) bytes += Buffer.byteLength(member);
  }
  return bytes;
}
