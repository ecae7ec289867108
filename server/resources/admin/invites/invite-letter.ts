import type { Mail } from "../../../ports/mail.ts";
import type { InviteRow } from "./invite-store.ts";

/** The one place where a token is ever written out. Behind the `#` it stays in the browser: no server logs it. */
export function inviteLetter(
  invite: InviteRow,
  { organizationName, publicUrl, token }: { organizationName: string; publicUrl: string; token: string },
): Mail {
  const role = invite.role === "owner" ? "an owner, who can change everything in it" : "a reader";
  return {
    to: invite.email,
    subject: `You are invited to ${organizationName}`,
    text: `You are invited to join the organization "${organizationName}" on Headrace as ${role}.

Open this link to accept, until ${readableTime(invite.expires_at)}:

${publicUrl}/invite#${token}

The link works once and is yours alone: do not pass it on. If you did not expect this letter, ignore it, and
nothing happens.
`,
  };
}

function readableTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
