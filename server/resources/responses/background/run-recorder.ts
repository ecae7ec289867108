import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import { dataOf } from "../../../gateway/sse-events.ts";
import { endedResponse } from "../ended-response.ts";
import type { StoredResponse } from "../response-store.ts";
import { ChunkBuffer } from "../stream-log/chunk-buffer.ts";
import { isEndFrame } from "../stream-log/event-frames.ts";
import type { StreamTails } from "../stream-log/stream-tails.ts";
import type { BackgroundStore, LastStep } from "./background-store.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import { patiently } from "./patiently.ts";
import { eventFrame, failedResponse, failureFrames, inProgressFrames, isStart } from "./start-events.ts";

/** A chunk is written so long after its first event at most, in milliseconds. */
const writeMs = 250;
/** A chunk's frames, in characters. */
const chunkCharactersMax = 64 * 1024;

/** Items that are only said: a second run contradicts nothing that was done. Any other stands for a tool that was run. */
const saidItems = new Set(["message", "reasoning", "function_call", "custom_tool_call", "compaction"]);

type RunEvent = { type: string; sequence_number: number } & Record<string, unknown>;

export type RecordedRun = {
  readonly lease: Lease;
  /** As it was made. */
  readonly response: StoredResponse;
  readonly isStreamed: boolean;
  /** The number of the last event that is in the log already. */
  readonly loggedThrough: number;
  readonly turn: LastStep["turn"];
};

/**
 * Keeps what a background run tells: the log first, then its readers. A stream that is not logged is not told either;
 * of it only the response's state is kept.
 */
export class RunRecorder {
  readonly #store: Pick<BackgroundStore, "commit" | "finish">;
  readonly #tails: StreamTails;
  readonly #run: RecordedRun;
  readonly #buffer: ChunkBuffer;
  readonly #onFailure: (error: unknown) => void;
  #snapshot: StoredResponse;
  #snapshotChanged = false;
  /** Whether nothing was told or done that a second run would contradict or repeat, and what the lease says of it. */
  #mayRestart = true;
  #keptMayRestart = true;
  #isEnding = false;
  #isKept = false;
  #isOver = false;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #written: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Told together with the end that follows it; an upstream that breaks off may tell one without the other. */
  #error: RunEvent | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param onFailure learns at once of a write that failed, also where nobody waits for it; `add` throws the same. */
  constructor(
    parts: { readonly store: Pick<BackgroundStore, "commit" | "finish">; readonly tails: StreamTails },
    run: RecordedRun,
    onFailure: (error: unknown) => void,
  ) {
    this.#store = parts.store;
    this.#tails = parts.tails;
    this.#run = run;
    this.#onFailure = onFailure;
    this.#buffer = new ChunkBuffer(run.loggedThrough + 1);
    this.#snapshot = run.response;
  }

  /** Whether the response has ended, and was kept so. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Whether the response is just being ended, or has been: that the lease is gone is its own doing then. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** How the response stands. */
  get status(): string {
    return this.#snapshot.status;
  }

  /** Says that the run has begun. @throws LeaseLost, as all others. */
  async begin(): Promise<void> {
    const { response, loggedThrough, isStreamed } = this.#run;
    const frames = isStreamed ? inProgressFrames(response, loggedThrough) : [];
    for (const frame of frames) this.#buffer.add(frame, false);
    this.#snapshot = { ...this.#run.response, status: "in_progress", output: [] };
    this.#snapshotChanged = true;
    await this.#write();
  }

  /** Takes the run's next event. Waits where the database is behind, and until a tool's item is kept before it runs. */
  async add(frame: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const event = JSON.parse(dataOf(frame) ?? "null") as RunEvent | null;
    if (event === null || this.#isOver || isStart(event.type)) return;
    if (event.type === "error") {
      this.#error = event;
      return;
    }
    if (isEndFrame(frame)) return this.#end(event as RunEvent & { response: StoredResponse });
    if (event.type === "response.output_item.done") this.#addItem(event.item as OutputItem);
    if (this.#run.isStreamed) this.#buffer.add(this.#numbered(event, frame), false);
    const isTool = event.type === "response.output_item.added" && !saidItems.has((event.item as OutputItem).type);
    if (isTool || this.#run.isStreamed) this.#mayRestart = false;
    if (isTool) await this.#write();
    else await this.#writeWhenDue();
  }

  /** Ends the response in an error. */
  async fail(error: unknown): Promise<void> {
    if (this.#isOver) return;
    await this.#settle();
    const failed = failedResponse(this.#snapshot, error);
    await this.#finish(failed, failureFrames(failed, error, this.#buffer.nextSequence - 1));
  }

  /** Lets go of what was not written: nobody has seen it. */
  async abandon(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isOver = true;
    await this.#written.catch(() => {});
  }

  async #end(event: RunEvent & { response: StoredResponse }): Promise<void> {
    await this.#settle();
    const response = endedResponse(this.#snapshot, event.response);
    const endEvents = [...(this.#error === undefined ? [] : [this.#error]), { ...event, response }];
    const next = this.#buffer.nextSequence;
    await this.#finish(
      response,
      endEvents.map((last, index) => eventFrame({ ...last, sequence_number: next + index })),
    );
  }

  async #finish(response: StoredResponse, endFrames: readonly string[]): Promise<void> {
    const { lease, turn, isStreamed } = this.#run;
    const chunk = isStreamed ? this.#buffer.endedWith(endFrames) : undefined;
    this.#isEnding = true;
    try {
      await patiently(() => this.#store.finish(lease, { chunk, response, turn }));
    } catch (error) {
      this.#isEnding = false;
      if (error instanceof LeaseLost) this.#onFailure(error);
      throw error;
    }
    this.#isKept = true;
    this.#isOver = true;
    this.#snapshot = response;
    if (chunk !== undefined) this.#tails.told(lease.responseId, chunk);
  }

  #addItem(item: OutputItem): void {
    this.#snapshot = { ...this.#snapshot, output: [...this.#snapshot.output, item] };
    this.#snapshotChanged = true;
  }

  /** An upstream counts its events from its own beginning, which is not the one that we told. */
  #numbered(event: RunEvent, frame: string): string {
    const sequence = this.#buffer.nextSequence;
    return event.sequence_number === sequence ? frame : eventFrame({ ...event, sequence_number: sequence });
  }

  async #writeWhenDue(): Promise<void> {
    if (this.#buffer.characters === 0 && !this.#snapshotChanged) return;
    if (this.#buffer.characters >= chunkCharactersMax) return this.#write();
    if (this.#timer !== undefined) return;
    const dueMs = this.#writtenAtMs + writeMs - performance.now();
    if (dueMs <= 0) this.#writeBehind();
    else this.#timer = setTimeout(() => this.#writeBehind(), dueMs);
  }

  #writeBehind(): void {
    this.#write().catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  /** Writes what there is by then, behind the write that runs; after one that failed all others fail. */
  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writtenAtMs = performance.now();
    this.#written = this.#written.then(() => this.#commit());
    return this.#written;
  }

  /** Waits for the write that runs, and starts no other. */
  async #settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#written;
  }

  async #commit(): Promise<void> {
    const chunk = this.#buffer.take();
    const snapshot = this.#snapshotChanged ? this.#snapshot : undefined;
    const mayRestart = this.#mayRestart;
    if (chunk === undefined && snapshot === undefined && mayRestart === this.#keptMayRestart) return;
    this.#snapshotChanged = false;
    const { lease } = this.#run;
    try {
      await patiently(() => this.#store.commit(lease, { chunk, snapshot, mayRestart }));
      this.#keptMayRestart = mayRestart;
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
    if (chunk !== undefined) this.#tails.told(lease.responseId, chunk);
  }
}
