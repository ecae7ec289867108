import { describe, expect, test } from "bun:test";
import { organizationOf } from "../../../testing/admin-client.ts";
import { textOf } from "../../../testing/people.ts";
import { type SmtpManner, startSmtpServer } from "../../../testing/smtp-server.ts";
import { startTestServer, type TestServer } from "../../../testing/test-server.ts";

const withSmtp = (port: number): Promise<TestServer> =>
  startTestServer({
    environment: {
      HEADRACE_SMTP_URL: `smtp://127.0.0.1:${port}`,
      HEADRACE_MAIL_FROM: "headrace@example.org",
      HEADRACE_PUBLIC_URL: "https://ai.example.org",
    },
  });

test("an invite goes to the mail server that the environment names, to its one address", async () => {
  await using smtp = await startSmtpServer();
  await using server = await withSmtp(smtp.port);
  await organizationOf(server).invites.create({ email: "ada@example.com", role: "reader" });
  const letter = await smtp.next();
  expect(letter).toMatchObject({ from: "headrace@example.org", to: ["ada@example.com"] });
  expect(textOf(letter.data)).toContain("https://ai.example.org/invite#invite-");
});

describe("an invite whose letter can't be sent is there all the same, answered at once and told in the log", () => {
  test.each<SmtpManner>(["refuses", "is silent"])("where the mail server %s", async (manner) => {
    const smtp = await startSmtpServer(manner);
    await using server = await withSmtp(smtp.port);
    const organization = organizationOf(server);
    const { id } = await organization.invites.create({ email: "ada@example.com", role: "reader" });
    expect((await organization.invites.retrieve(id)).status).toBe("pending");
    // A server that says nothing is left only when its connection ends.
    if (manner === "is silent") await smtp[Symbol.asyncDispose]();
    await server.platform.mailSettled();
    const told = server.log().filter(({ message }) => message === "a letter could not be sent");
    expect(told).toMatchObject([{ inviteId: id, level: "error" }]);
    if (manner !== "is silent") await smtp[Symbol.asyncDispose]();
  });
});
