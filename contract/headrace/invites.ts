import { z } from "zod";
import { displayName, organizationRole } from "../admin/fields.ts";
import { operation } from "../common/operation.ts";

/** Bytes of the whole body: a token and a name, whatever way its characters are written. */
const bodyBytesMax = 8_192;
/** Characters of a token: more than any has, so that each that is refused is refused in the same way. */
const tokenCharactersMax = 256;

export const acceptInviteBody = z
  .strictObject({
    /** What stands behind the `#` of the link in the invite's mail. */
    token: z.string().min(1).max(tokenCharactersMax),
    /** What the organization will call the person. */
    name: displayName,
  })
  .meta({ id: "AcceptInviteRequest" });

export const acceptedInvite = z
  .object({
    object: z.literal("headrace.invite.accepted"),
    organization: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: z.string(), email: z.string(), name: z.string(), role: organizationRole }),
  })
  .meta({ id: "AcceptedInvite" });

export const acceptInvite = operation({
  id: "acceptInvite",
  method: "POST",
  path: "/headrace/v1/invites/accept",
  tag: "Invites",
  summary: "Accepts an invite by the token of its link: makes the invited person a user of the organization.",
  scope: "public",
  bodyBytesMax,
  body: acceptInviteBody,
  response: acceptedInvite,
  errors: ["not_found", "organization_suspended"],
});
