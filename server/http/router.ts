import type { Endpoint } from "./endpoint.ts";

export type Match = { readonly endpoint: Endpoint; readonly params: Record<string, string> };

export type RouteResult =
  | { readonly kind: "found"; readonly match: Match }
  | { readonly kind: "wrong_method"; readonly allowed: readonly string[] }
  /** A path that stands for no text: its percent signs are no UTF-8. */
  | { readonly kind: "undecodable" }
  | { readonly kind: "unknown" };

type Route = { readonly segments: readonly string[]; readonly byMethod: Map<string, Endpoint> };

/** Finds the endpoint of a path by its segments; `{name}` takes exactly one segment. A trailing slash is ignored. */
export class Router {
  readonly #literal = new Map<string, Route>();
  readonly #patterns: Route[] = [];

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) this.#add(endpoint);
  }

  find(method: string, path: string): RouteResult {
    const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
    const literal = this.#literal.get(trimmed);
    if (literal) return resultOf(literal, method, {});
    if (!isDecodable(trimmed)) return { kind: "undecodable" };
    const segments = trimmed.split("/");
    for (const route of this.#patterns) {
      const params = matchSegments(route.segments, segments);
      if (params) return resultOf(route, method, params);
    }
    return { kind: "unknown" };
  }

  #add(endpoint: Endpoint): void {
    const { method, path } = endpoint.operation;
    const known = this.#literal.get(path) ?? this.#patterns.find((route) => route.segments.join("/") === path);
    const route = known ?? { segments: path.split("/"), byMethod: new Map<string, Endpoint>() };
    if (route.byMethod.has(method)) throw new Error(`Two endpoints answer ${method} ${path}.`);
    route.byMethod.set(method, endpoint);
    if (known) return;
    if (path.includes("{")) this.#patterns.push(route);
    else this.#literal.set(path, route);
  }
}

function resultOf(route: Route, method: string, params: Record<string, string>): RouteResult {
  const endpoint = route.byMethod.get(method);
  if (!endpoint) return { kind: "wrong_method", allowed: [...route.byMethod.keys()] };
  return { kind: "found", match: { endpoint, params } };
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = segments[index] ?? "";
    if (!expected.startsWith("{")) {
      if (expected !== actual) return undefined;
      continue;
    }
    if (actual === "") return undefined;
    params[expected.slice(1, -1)] = decodeURIComponent(actual);
  }
  return params;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}
