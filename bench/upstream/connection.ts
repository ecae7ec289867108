import type { Socket } from "bun";
import { wireOf } from "./answers.ts";
import { type Plan, readPlan } from "./plan.ts";
import { RequestParser, type WireRequest } from "./request-parser.ts";
import { RunningAnswer } from "./running-answer.ts";
import { type Script, scriptFor } from "./script.ts";
import type { UpstreamParts } from "./upstream.ts";

const streamMember = /"stream"\s*:\s*true/;
const usageMember = /"include_usage"\s*:\s*true/;

/** Equal plans have equal scripts; a run has few. */
const scripts = new Map<string, Script>();
const scriptsMax = 10_000;

/** One connection of a gateway: serves its requests one after the other, as their plans say. */
export class UpstreamConnection {
  readonly #socket: Socket<unknown>;
  readonly #parts: UpstreamParts;
  readonly #parser = new RequestParser();
  #running: RunningAnswer | undefined;

  constructor(socket: Socket<unknown>, parts: UpstreamParts) {
    this.#socket = socket;
    this.#parts = parts;
  }

  data(bytes: Buffer): void {
    this.#parser.push(bytes);
    this.#serveNext();
  }

  drain(): void {
    this.#running?.drained();
  }

  closed(): void {
    this.#running?.end(false);
    this.#running = undefined;
  }

  #serveNext(): void {
    while (this.#running === undefined) {
      const request = this.#parser.next();
      if (request === undefined) return;
      if (request.method === "POST" && wireOf[request.path] !== undefined) this.#serve(request);
      else this.#tell(request);
    }
  }

  /** What a bench or a test asks the upstream itself. */
  #tell({ path }: WireRequest): void {
    this.#parts.journal.flush();
    const body = path === "/counts" ? JSON.stringify(this.#parts.counts()) : "{}";
    this.#socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  #serve(request: WireRequest): void {
    const plan = readPlan(request.header("x-plan"), request.body);
    const isStreamed = streamMember.test(request.body);
    const withUsage = usageMember.test(request.body);
    const running = new RunningAnswer({
      socket: this.#socket,
      parts: this.#parts,
      request,
      plan,
      isStreamed,
      script: cachedScript(request.path, isStreamed, withUsage, plan),
      onReusable: () => {
        this.#running = undefined;
        this.#serveNext();
      },
    });
    this.#running = running;
    running.start();
  }
}

function cachedScript(path: string, isStreamed: boolean, withUsage: boolean, plan: Plan): Script {
  const key = JSON.stringify([path, isStreamed, withUsage, plan.tokens, plan.fault]);
  const known = scripts.get(key);
  if (known !== undefined) return known;
  const script = scriptFor(wireOf[path] ?? "chat", isStreamed, withUsage, plan);
  if (scripts.size < scriptsMax) scripts.set(key, script);
  return script;
}
