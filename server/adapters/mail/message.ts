import type { Mail } from "../../ports/mail.ts";

/** A letter as nodemailer takes it. Addresses go in as objects: as text they would be read as lists of recipients. */
export function toMessage({ to, subject, text }: Mail, from: string) {
  return {
    from: { name: "Headrace", address: from },
    to: { name: "", address: to },
    subject,
    text,
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
