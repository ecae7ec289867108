/** A letter in plain text to one address. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string };

/** Where letters go. */
export interface MailSender {
  /**
   * Resolves when the letter is out of our hands; rejects, within a minute, where it could not be given away.
   * Whatever stands in the letter, it has one recipient and no headers but its own.
   */
  send(mail: Mail): Promise<void>;
  /** Ends what is still open; letters that are under way are given up. */
  close(): void;
}
