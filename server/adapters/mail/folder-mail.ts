import { randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import type { MailSender } from "../../ports/mail.ts";
import { toMessage } from "./message.ts";

/**
 * Lays letters into a folder, each as an `.eml` file that mail programs open. Nobody else on the machine may read them:
 * they carry links that let somebody in.
 */
export function createFolderMail(folder: string, from: string): MailSender {
  const transport = createTransport({ streamTransport: true, buffer: true });
  return {
    async send(mail) {
      const { message } = await transport.sendMail(toMessage(mail, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const time = new Date().toISOString().replaceAll(":", "-");
      const path = join(folder, `${time}-${randomBytes(4).toString("hex")}.eml`);
      // A reader of the folder sees whole letters only.
      await writeFile(`${path}.part`, message, { mode: 0o600, flag: "wx" });
      await rename(`${path}.part`, path);
    },
    close: () => {},
  };
}
