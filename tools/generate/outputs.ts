import { lockfile } from "../lockfile/platform-packages.ts";
import { coverageFile } from "./coverage.ts";
import type { GeneratedFile } from "./generated-file.ts";
import { openapiFile } from "./openapi.ts";

/** Every generated file of the checkout; a generator takes part by standing here. */
export const outputs: readonly GeneratedFile[] = [lockfile, openapiFile, coverageFile];
