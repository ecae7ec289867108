import type { OperationDefinition } from "../common/operation.ts";
import { operations } from "../operations.ts";
import { openaiOperationGroups } from "./openai-operations.ts";
import { openaiSockets } from "./openai-sockets.ts";
import { createPathMatcher } from "./path-matcher.ts";

export type DocumentedOperation = {
  readonly group: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** The whole path; `?beta=true` tells the twins of the multi-agent beta apart from the plain operations. */
  readonly path: string;
  /** Where the SDK has it, for instance `chat.completions.create`. */
  readonly sdkMethod: string;
  readonly deprecated: boolean;
  /** The `OpenAI-Beta` header that the SDK sends with it. */
  readonly betaHeader: string | null;
};

export type CoveredOperation = DocumentedOperation & {
  readonly served: boolean;
  /** Our operation's id, where it is served. */
  readonly operationId: string | null;
};

export type CoverageGroup = {
  readonly group: string;
  readonly served: number;
  readonly total: number;
  readonly operations: readonly CoveredOperation[];
};

export type CoveredSocket = {
  readonly path: string;
  /** What opens it in the SDK. */
  readonly sdkClass: string;
  /** The `OpenAI-Beta` header that the SDK sends with it. */
  readonly betaHeader: string | null;
  readonly served: boolean;
};

export type Coverage = {
  /** Of the HTTP operations. */
  readonly served: number;
  readonly total: number;
  readonly groups: readonly CoverageGroup[];
  readonly sockets: readonly CoveredSocket[];
};

export const documentedOperations: readonly DocumentedOperation[] = openaiOperationGroups.flatMap((group) =>
  group.rows.map(([method, path, sdkMethod, state]) => ({
    group: group.name,
    method,
    path,
    sdkMethod,
    deprecated: state === "deprecated",
    betaHeader: group.betaHeader ?? null,
  })),
);

/** Says of each operation of OpenAI's API whether we serve it. */
export function coverage(): Coverage {
  const ours = new Map<string, string>(
    Object.values(operations).map((operation) => [`${operation.method} ${operation.path}`, operation.id]),
  );
  const groups = openaiOperationGroups.map((group) => {
    const covered = documentedOperations
      .filter((operation) => operation.group === group.name)
      .map((operation) => {
        const operationId = ours.get(`${operation.method} ${operation.path}`) ?? null;
        return { ...operation, served: operationId !== null, operationId };
      });
    const served = covered.filter((operation) => operation.served).length;
    return { group: group.name, served, total: covered.length, operations: covered };
  });
  const sum = (count: (group: CoverageGroup) => number) => groups.reduce((total, group) => total + count(group), 0);
  return { served: sum((group) => group.served), total: sum((group) => group.total), groups, sockets: sockets() };
}

function sockets(): CoveredSocket[] {
  const ours = new Set<string>(
    Object.values<OperationDefinition>(operations)
      .filter((operation) => operation.socket !== undefined)
      .map((operation) => operation.path),
  );
  return openaiSockets.map(([path, sdkClass, betaHeader = null]) => {
    return { path, sdkClass, betaHeader, served: betaHeader === null && ours.has(path) };
  });
}

export type DocumentedMatch =
  | { readonly kind: "operation"; readonly operation: DocumentedOperation }
  | { readonly kind: "wrong_method"; readonly allowed: readonly string[] }
  | { readonly kind: "unknown" };

const match = createPathMatcher(documentedOperations);

/**
 * Finds what OpenAI's API has at a path.
 * @param path the path as it was requested, for instance `/v1/files/file-1`; a query is ignored but for `beta=true`
 */
export function matchDocumentedOperation(method: string, path: string): DocumentedMatch {
  const queryAt = path.indexOf("?");
  const pathname = queryAt === -1 ? path : path.slice(0, queryAt);
  const beta = queryAt !== -1 && new URLSearchParams(path.slice(queryAt)).get("beta") === "true";
  const methods = match(pathname);
  if (methods === undefined) return { kind: "unknown" };
  const operation = (beta ? methods.get(`${method} beta`) : undefined) ?? methods.get(method);
  if (operation !== undefined) return { kind: "operation", operation };
  const allowed = [...new Set([...methods.values()].map((one) => one.method))].toSorted();
  return { kind: "wrong_method", allowed };
}
