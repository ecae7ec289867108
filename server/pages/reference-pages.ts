import { coverage } from "@headrace/contract/coverage/coverage.ts";
import { toOpenApi } from "@headrace/contract/openapi.ts";
import { operations } from "@headrace/contract/operations.ts";
import { program } from "@headrace/contract/program.ts";
import type { Page } from "../http/api-server.ts";

/** The API's description for machines. Made at the first request: few servers are ever asked for it. */
export function referencePages(): [string, Page][] {
  const openApi = once(() => JSON.stringify(toOpenApi(operations, program)));
  const covered = once(() => JSON.stringify(coverage()));
  return [
    ["/openapi.json", () => jsonPage(openApi())],
    ["/docs/coverage.json", () => jsonPage(covered())],
  ];
}

function jsonPage(body: string): Response {
  return new Response(body, {
    headers: { "content-type": "application/json; charset=utf-8", "access-control-allow-origin": "*" },
  });
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
