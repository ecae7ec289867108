import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { TestServer } from "./test-server.ts";

const acceptedUser = z.object({ organization: z.object({ id: z.string() }), user: z.object({ id: z.string() }) });

/** What the invite's body says besides the address. */
type Invitation = {
  readonly email: string;
  readonly role?: "owner" | "reader";
  readonly projects?: readonly { readonly id: string; readonly role: "owner" | "member" }[];
};

/** All letters of a server without a mail server of its own, oldest first, as they would go over the wire. */
export async function letters(server: TestServer): Promise<string[]> {
  await server.platform.mailSettled();
  const folder = join(server.config.dataFolder, "mail");
  return readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(join(folder, file), "utf8"));
}

/** The text of a letter: quoted-printable folds long lines. */
export function textOf(letter: string): string {
  return letter
    .slice(letter.indexOf("\r\n\r\n"))
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The token of the newest invite to an address, from its letter. */
export async function tokenFor(server: TestServer, email: string): Promise<string> {
  const own = (await letters(server)).filter((letter) =>
    letter.toLowerCase().includes(`to: ${email.toLowerCase()}\r\n`),
  );
  const token = /\/invite#(\S+)/.exec(textOf(own.at(-1) ?? ""))?.[1];
  if (token === undefined) throw new Error(`There is no invite in the letters to ${email}.`);
  return token;
}

/** Accepts an invite as its page does. */
export function accept(server: TestServer, token: string, name: string): Promise<Response> {
  return fetch(`${server.url}/headrace/v1/invites/accept`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, name }),
  });
}

/** Invites somebody and accepts in that person's name. @returns the user's id. */
export async function addUser(server: TestServer, adminKey: string, invitation: Invitation): Promise<string> {
  const invited = await server.post(
    "/v1/organization/invites",
    { role: "reader", ...invitation },
    { authorization: `Bearer ${adminKey}` },
  );
  if (!invited.ok) throw new Error(await invited.text());
  const response = await accept(server, await tokenFor(server, invitation.email), invitation.email.split("@")[0] ?? "");
  return acceptedUser.parse(await response.json()).user.id;
}
