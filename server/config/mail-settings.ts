import { join } from "node:path";
import { email } from "@headrace/contract/admin/fields.ts";
import { Secret } from "./secret-value.ts";
import type { SettingReader } from "./setting-reader.ts";

export type SmtpServer = {
  readonly host: string;
  readonly port: number;
  /** From the first byte, or by STARTTLS: `required`, or where the server offers it. */
  readonly tls: "always" | "required" | "offered";
  readonly credentials: { readonly user: string; readonly password: Secret } | undefined;
};

/** Where letters go, and from whom they are. */
export type MailSettings = { readonly from: string } & (
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "smtp"; readonly server: SmtpServer }
);

const needed = "is not set, and mail is to be sent (HEADRACE_SMTP_URL)";
const urlRemedy = "Write it as smtp://user:password@mail.example.org:587, or smtps://… for TLS from the first byte";

/** Without a mail server, letters are laid into the data folder. */
export function readMail(reader: SettingReader, dataFolder: string): MailSettings {
  const given = reader.text("HEADRACE_MAIL_FROM");
  if (given !== undefined && !email.safeParse(given).success) {
    reader.report("HEADRACE_MAIL_FROM", "is not an e-mail address", "Write it as headrace@example.org");
  }
  const from = given ?? "headrace@localhost";
  const url = reader.url("HEADRACE_SMTP_URL", ["smtp:", "smtps:"]);
  if (url === undefined) return { kind: "folder", folder: join(dataFolder, "mail"), from };
  if (given === undefined) {
    reader.report("HEADRACE_MAIL_FROM", needed, "Set it to the address that mail comes from");
  }
  if (reader.text("HEADRACE_PUBLIC_URL") === undefined) {
    reader.report("HEADRACE_PUBLIC_URL", needed, "Set it to what people open in a browser: links in mail lead there");
  }
  return { kind: "smtp", server: readServer(reader, url), from };
}

function readServer(reader: SettingReader, url: URL): SmtpServer {
  const isTls = url.protocol === "smtps:";
  if (url.hostname === "" || !["", "/"].includes(url.pathname) || url.search + url.hash !== "") {
    reader.report("HEADRACE_SMTP_URL", "holds no host, or more than user, password, host and port", urlRemedy);
  }
  const user = decode(url.username);
  const password = decode(url.password);
  if (user === undefined || password === undefined || (user === "") !== (password === "")) {
    reader.report("HEADRACE_SMTP_URL", "holds a user or a password that can't be read", urlRemedy);
  }
  const credentials = user && password ? { user, password: new Secret(password) } : undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // A password does not cross a network unread; this machine's own loopback is none.
  const isHere = ["localhost", "127.0.0.1", "::1"].includes(host);
  const startTls = credentials !== undefined && !isHere ? "required" : "offered";
  return { host, port: Number(url.port) || (isTls ? 465 : 587), tls: isTls ? "always" : startTls, credentials };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
