import { z } from "zod";
import { list } from "../common/collections.ts";
import { integer } from "../common/fields.ts";
import { idCharactersMax, nameCharactersMax } from "../common/limits.ts";
import { emailCharactersMax, expirySecondsMax, keyScopeCharactersMax, keyScopesMax } from "./limits.ts";

/**
 * What hides in text or reorders it: control characters, line breaks, lone surrogates, characters that are none, and
 * invisible format characters such as right-to-left marks. Zero-width joiners stay, since emoji and Persian need them.
 */
const hidden = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]--[\u200C\u200D]]/v;

/** Something that a reader sees; blank letters such as the Hangul filler are none. */
const visible = /[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800]]/v;

/** The patterns after a length are not tried on megabytes: they would hold up every other request. */
const stop = { abort: true };

/** Text on one line in which a reader sees everything that is there. */
const readable = z
  .string()
  .min(1)
  .max(nameCharactersMax, stop)
  .refine((text) => !hidden.test(text), "control characters, line breaks and invisible characters are not allowed.")
  .refine((text) => visible.test(text), "it has no visible character.");

/** The name that somebody gives to a project, a key or an account. */
export const displayName = readable.meta({ description: "One line of visible characters." });

/** The name of a model in a list of permissions; such a model need not exist yet. */
export const permittedModel = readable.meta({ description: "The name of a model, as requests send it." });

/** An id or a cursor that the platform gave out: visible ASCII. Whether there is such an object is the server's to say. */
export const platformId = z
  .string()
  .min(1)
  .max(idCharactersMax, stop)
  .regex(/^[!-~]+$/);

/**
 * An e-mail address that can be written to, as HTML's `<input type=email>` takes it
 * (html.spec.whatwg.org/#valid-e-mail-address). Its case is kept.
 */
export const email = z
  .string()
  .min(1)
  .max(emailCharactersMax, stop)
  .refine((text) => z.regexes.html5Email.test(text), "expected an e-mail address such as 'ada@example.com'.")
  .meta({ format: "email" });

/** Seconds from the request until a key expires. */
export const expirySeconds = integer(1, expirySecondsMax);

/** Scopes of a key by OpenAI's names, for instance `api.all.read`; an empty list means every permission. */
export const keyScopes = list(
  z
    .string()
    .max(keyScopeCharactersMax, stop)
    .regex(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/),
  { max: keyScopesMax },
);

export const organizationRole = z.enum(["owner", "reader"]);
export const projectRole = z.enum(["owner", "member"]);

/** What is answered where an object was deleted. */
export function deletedObject<Kind extends string>(kind: Kind) {
  return z.object({ id: z.string(), object: z.literal(kind), deleted: z.literal(true) });
}

export const projectParams = z.strictObject({ project_id: platformId });
