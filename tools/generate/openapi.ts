import { toOpenApi } from "@headrace/contract/openapi.ts";
import { operations } from "@headrace/contract/operations.ts";
import { program } from "@headrace/contract/program.ts";
import type { GeneratedFile } from "./generated-file.ts";

/** The API's description, as committed and as served at /openapi.json. */
export const openapiFile: GeneratedFile = {
  path: "openapi.json",
  content() {
    return `${JSON.stringify(toOpenApi(operations, program), null, 2)}\n`;
  },
};
