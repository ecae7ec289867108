import type { Model as SdkModel } from "openai/resources/models";
import type { Exceptions } from "./common/parity.ts";
import type { Model } from "./models.ts";

export const modelExceptions = {} satisfies Exceptions<Model, SdkModel>;
