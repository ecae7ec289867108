import { describe } from "../http/render.ts";
import type { LogFields, Logger } from "../ports/logger.ts";
import type { Mail, MailSender } from "../ports/mail.ts";

/** Letters that wait for a slow mail server; beyond it none is taken, since they lie in memory. */
const lettersMax = 1_000;

/**
 * Gives letters to the sender without letting anybody wait for it. A letter is tried once: relays of one's own queue by
 * themselves. One that could not be sent is told in the log, with what it was about.
 */
export class MailOutbox {
  readonly #sender: MailSender;
  readonly #logger: Logger;
  readonly #underWay = new Set<Promise<void>>();

  constructor(sender: MailSender, logger: Logger) {
    this.#sender = sender;
    this.#logger = logger;
  }

  /** Never throws; a letter too many is not sent. @param about what the log says of the letter; nothing that is secret. */
  post(mail: Mail, about: LogFields): void {
    if (this.#underWay.size >= lettersMax) {
      this.#logger.log("error", "a letter could not be sent", {
        ...about,
        error: "too many letters wait for the mail server",
      });
      return;
    }
    const sending = this.#sender
      .send(mail)
      .then(
        () => this.#logger.log("info", "a letter was sent", about),
        (error: unknown) =>
          this.#logger.log("error", "a letter could not be sent", { ...about, error: describe(error) }),
      )
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  /** Resolves when all letters that were posted until now are sent or given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Waits for letters that are under way, at most `graceMs`, and gives up the rest. */
  async close(graceMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([this.settled(), late]);
    clearTimeout(timer);
    this.#sender.close();
  }
}
