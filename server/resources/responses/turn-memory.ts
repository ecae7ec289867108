import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { ResponseStore, StoredResponse } from "./response-store.ts";

/** Where a turn finds what was said before, and leaves what it said, besides the store. */
export type TurnMemory = Pick<ResponseStore, "chain"> & {
  remember(response: StoredResponse, inputItems: readonly InputItem[], isStored: boolean): void;
};
