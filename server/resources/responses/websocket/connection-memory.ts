import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { ProjectPrincipal } from "../../../ports/principal.ts";
import type { ResponseStore, StoredResponse, StoredTurn } from "../response-store.ts";
import type { TurnMemory } from "../turn-memory.ts";

type Lane = string | undefined;

/** A response that the store alone can't continue: what was said since the last one that it can. */
type Remembered = {
  readonly id: string;
  /** Oldest first; the last one is the response itself. */
  readonly turns: readonly StoredTurn[];
  /** The stored response before them; null where the conversation began here. */
  readonly storedParentId: string | null;
  readonly bytes: number;
};

/**
 * What one connection remembers of responses that are stored nowhere: of each lane the latest, as at OpenAI
 * (developers.openai.com/api/docs/guides/websocket-mode). It is gone when the connection is.
 */
export class ConnectionMemory {
  readonly #store: Pick<ResponseStore, "chain">;
  readonly #bytesMax: number;
  /** The lane that remembered something last comes last. */
  readonly #byLane = new Map<Lane, Remembered>();
  #bytes = 0;

  /** @param bytesMax of all lanes; the lanes that remembered nothing new for longest are forgotten first. */
  constructor(store: Pick<ResponseStore, "chain">, bytesMax: number) {
    this.#store = store;
    this.#bytesMax = bytesMax;
  }

  /** The memory of one turn on a lane. */
  turn(lane: Lane): TurnMemory {
    let before: Remembered | undefined;
    return {
      chain: async (principal, id) => {
        before = this.#find(id);
        return before === undefined ? this.#store.chain(principal, id) : this.#recall(principal, before);
      },
      remember: (response, inputItems, isStored) => {
        if (response.status !== "completed" && response.status !== "incomplete") return;
        this.#forget(lane);
        if (!isStored || before !== undefined) this.#keep(lane, toRemembered(response, inputItems, before));
      },
    };
  }

  /** Forgets a response that its own lane failed to continue; a fork's failure leaves it to its lane, as at OpenAI. */
  forget(lane: Lane, id: string): void {
    if (this.#byLane.get(lane)?.id === id) this.#forget(lane);
  }

  #find(id: string): Remembered | undefined {
    for (const remembered of this.#byLane.values()) if (remembered.id === id) return remembered;
    return undefined;
  }

  /** @returns undefined where the stored response before them was deleted meanwhile. */
  async #recall(principal: ProjectPrincipal, { storedParentId, turns }: Remembered): Promise<StoredTurn[] | undefined> {
    if (storedParentId === null) return [...turns];
    const stored = await this.#store.chain(principal, storedParentId);
    return stored && [...stored, ...turns];
  }

  #keep(lane: Lane, remembered: Remembered): void {
    this.#byLane.set(lane, remembered);
    this.#bytes += remembered.bytes;
    for (const oldest of this.#byLane.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#forget(oldest);
    }
  }

  #forget(lane: Lane): void {
    this.#bytes -= this.#byLane.get(lane)?.bytes ?? 0;
    this.#byLane.delete(lane);
  }
}

function toRemembered(
  response: StoredResponse,
  inputItems: readonly InputItem[],
  before: Remembered | undefined,
): Remembered {
  const turn: StoredTurn = {
    id: response.id,
    inputItems: [...inputItems],
    output: response.output,
    status: response.status,
  };
  return {
    id: response.id,
    turns: [...(before?.turns ?? []), turn],
    storedParentId: before === undefined ? response.previous_response_id : before.storedParentId,
    bytes: (before?.bytes ?? 0) + JSON.stringify(turn).length,
  };
}
