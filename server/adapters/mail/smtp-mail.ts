import { createTransport } from "nodemailer";
import type { SmtpServer } from "../../config/mail-settings.ts";
import type { MailSender } from "../../ports/mail.ts";
import { toMessage } from "./message.ts";

/** How long a mail server may take to accept a connection and to greet, and be silent later. In milliseconds. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 };

/** Connections to the mail server at once; more letters wait. */
const connectionsMax = 2;

/** Sends letters through a mail server (RFC 5321), with TLS where the server has it. */
export function createSmtpMail(server: SmtpServer, from: string, limits: Partial<typeof timeouts> = {}): MailSender {
  const { host, port, credentials } = server;
  const transport = createTransport({
    pool: true,
    maxConnections: connectionsMax,
    host,
    port,
    secure: server.tls === "always",
    requireTLS: server.tls === "required",
    ...(credentials === undefined ? {} : { auth: { user: credentials.user, pass: credentials.password.reveal() } }),
    ...timeouts,
    ...limits,
  });
  return {
    async send(mail) {
      await transport.sendMail(toMessage(mail, from));
    },
    close: () => transport.close(),
  };
}
