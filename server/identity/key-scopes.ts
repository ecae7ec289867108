import { ApiError } from "@headrace/contract/common/errors.ts";
import type { KeyScope } from "@headrace/contract/common/operation.ts";

const keyScopes = [
  "api.all.read",
  "api.model.read",
  "api.model.request",
  "api.responses.read",
  "api.responses.write",
] as const satisfies readonly KeyScope[];

/**
 * The scopes that a caller names for a key. None at all means every permission, as OpenAI has it.
 * @throws ApiError `invalid_value` for a scope that no operation served here asks for: it would promise nothing.
 */
export function readKeyScopes(names: readonly string[] | undefined): readonly KeyScope[] | undefined {
  if (names === undefined || names.length === 0) return undefined;
  return names.map((name, index) => {
    const scope = keyScopes.find((each) => each === name);
    if (scope !== undefined) return scope;
    const supported = keyScopes.map((each) => `'${each}'`).join(", ");
    throw new ApiError("invalid_value", `Invalid value: '${name}'. Supported values are: ${supported}.`, {
      param: `scopes[${index}]`,
    });
  });
}
