const day28 = "(0[1-9]|1[0-9]|2[0-8])";
const leapYear = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
const date = `([0-9]{4}-(0[1-9]|1[0-2])-${day28}|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)|[0-9]{4}-(0[13578]|1[02])-31|${leapYear}-02-29)`;
const time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
const count = "[0-9]{1,9}";
const hours = `(${count}H(${count}M)?(${count}S)?|${count}M(${count}S)?|${count}S)`;
const label = "[A-Za-z0-9]([A-Za-z0-9-]{0,28}[A-Za-z0-9])?";
const hostname = `${label}(\\.${label}){0,7}`;
const byte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const word = "[0-9A-Fa-f]{1,4}";
const compressed = Array.from(
  { length: 7 },
  (_, index) => `(${word}:){1,${7 - index}}(:${word}){${index},${index}}`,
).map((form, index) => (index === 0 ? `(${word}:){1,7}:` : form.replace(`{${index},${index}}`, `{1,${index}}`)));
const domain = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";

/**
 * The string formats of OpenAI's structured outputs as whole-text patterns. Each is a part of what its standard allows:
 * dates are real days of the Gregorian calendar (RFC 3339), host names have 8 labels of 30 characters at most, and IPv6 addresses (RFC 4291) have no IPv4 part.
 */
export const formats: Readonly<Record<string, string>> = {
  date,
  time,
  "date-time": `${date}T${time}`,
  duration: `P(${count}W|(${count}Y(${count}M)?(${count}D)?|${count}M(${count}D)?|${count}D)(T${hours})?|T${hours})`,
  email: `${atom}+(\\.${atom}+)*@(${domain}\\.)+${domain}`,
  hostname,
  ipv4: `${byte}(\\.${byte}){3}`,
  ipv6: `((${word}:){7}${word}|${compressed.join("|")}|:(:${word}){1,7}|::)`,
  uuid: "[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
};
