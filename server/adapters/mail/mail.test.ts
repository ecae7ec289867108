import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../config/secret-value.ts";
import type { Mail, MailSender } from "../../ports/mail.ts";
import { startSmtpServer } from "../../testing/smtp-server.ts";
import { createFolderMail } from "./folder-mail.ts";
import { createSmtpMail } from "./smtp-mail.ts";

const folder = mkdtempSync(join(tmpdir(), "headrace-mail-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const from = "headrace@example.org";
const smtpTo = (port: number, limits = {}): MailSender =>
  createSmtpMail({ host: "127.0.0.1", port, tls: "offered", credentials: undefined }, from, limits);

/** The letter as it was sent, by each adapter. */
const adapters: [string, (mail: Mail) => Promise<string>][] = [
  [
    "the folder",
    async (mail) => {
      const own = mkdtempSync(join(folder, "own-"));
      await createFolderMail(join(own, "mail"), from).send(mail);
      const [file, ...more] = readdirSync(join(own, "mail"));
      expect(more).toEqual([]);
      return readFileSync(join(own, "mail", file ?? ""), "utf8");
    },
  ],
  [
    "SMTP",
    async (mail) => {
      await using server = await startSmtpServer();
      const sender = smtpTo(server.port);
      await sender.send(mail);
      sender.close();
      const letter = await server.next();
      expect(letter).toMatchObject({ from, to: [mail.to] });
      return letter.data;
    },
  ],
];

/** Names of the headers, folded lines left out. */
const headerNames = (letter: string): string[] =>
  (letter.split("\r\n\r\n")[0] ?? "").split("\r\n").flatMap((line) => /^[\w-]+(?=:)/.exec(line)?.[0] ?? []);

describe.each(adapters)("a letter by %s", (_, send) => {
  const letter = { to: "Ada.L+x@example.com", subject: "You are invited", text: "Open\n\nhttp://h/invite#t\n" };

  test("has its recipient, its sender, its subject and its text", async () => {
    const sent = await send(letter);
    expect(sent).toContain("To: Ada.L+x@example.com");
    expect(sent).toContain(`From: Headrace <${from}>`);
    expect(sent).toContain("Subject: You are invited");
    expect(sent).toContain("http://h/invite#t");
  });

  test("gains no header and no recipient from what stands in it", async () => {
    const plain = headerNames(await send(letter));
    const hostile = await send({
      ...letter,
      subject: "Hi\r\nBcc: spy@example.com\nX-Spy: 1\r\n\r\nbody",
      text: ".\r\nQUIT\r\n.\r\nRCPT TO:<spy@example.com>\r\n",
    });
    expect(headerNames(hostile).toSorted()).toEqual(plain.toSorted());
    expect(hostile.split("\r\n").filter((line) => line.startsWith("To:"))).toEqual(["To: Ada.L+x@example.com"]);
  });

  test("keeps letters of every script in its subject", async () => {
    const sent = await send({ ...letter, subject: "Приглашение 東京" });
    expect(sent).toMatch(/Subject: =\?UTF-8\?/i);
  });
});

test("letters in the folder are read by nobody else on the machine", async () => {
  const own = join(folder, "modes");
  await createFolderMail(own, from).send({ to: "a@b.example", subject: "s", text: "t" });
  expect(statSync(own).mode & 0o077).toBe(0);
  for (const file of readdirSync(own)) expect(statSync(join(own, file)).mode & 0o077).toBe(0);
});

describe("a mail server that", () => {
  const letter = { to: "a@b.example", subject: "s", text: "t" };
  test("refuses the recipient makes the sender say so", async () => {
    await using server = await startSmtpServer("refuses");
    const sender = smtpTo(server.port);
    await expect(sender.send(letter)).rejects.toThrow("nobody here");
    sender.close();
  });

  test("says nothing is given up", async () => {
    await using server = await startSmtpServer("is silent");
    const sender = smtpTo(server.port, { greetingTimeout: 50 });
    await expect(sender.send(letter)).rejects.toThrow("Greeting never received");
    sender.close();
  });

  test("is not there makes the sender say so", async () => {
    const server = await startSmtpServer();
    await server[Symbol.asyncDispose]();
    await expect(smtpTo(server.port).send(letter)).rejects.toThrow();
  });

  test("has no TLS gets no password", async () => {
    await using server = await startSmtpServer();
    const credentials = { user: "u", password: new Secret("hunter2") };
    const sender = createSmtpMail({ host: "127.0.0.1", port: server.port, tls: "required", credentials }, from);
    await expect(sender.send(letter)).rejects.toThrow("STARTTLS");
    sender.close();
  });
});
