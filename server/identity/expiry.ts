/** When a key expires that lives for so many seconds from now; undefined: never. */
export function expiryAfter(secondsFromNow: number | null | undefined): Date | undefined {
  return typeof secondsFromNow === "number" ? new Date(Date.now() + secondsFromNow * 1000) : undefined;
}
