/** Names -> raw values, as the process was started with them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The only place that reads `process.env`. */
export function readEnvironment(): Environment {
  return { ...process.env };
}

/** Every setting that this version knows, whether it serves it or has to refuse it. */
export const settingNames = [
  "HEADRACE_HOST",
  "HEADRACE_PORT",
  "HEADRACE_PUBLIC_URL",
  "HEADRACE_TRUSTED_PROXIES",
  "HEADRACE_TLS_CERT",
  "HEADRACE_TLS_KEY",
  "HEADRACE_TLS_CLIENT_CA",
  "HEADRACE_DATA",
  "HEADRACE_SECRET",
  "HEADRACE_DATABASE_URL",
  "HEADRACE_EVENTS_DATABASE_URL",
  "HEADRACE_BLOB_URL",
  "HEADRACE_CONFIG",
  "HEADRACE_OPERATOR_KEY",
  "HEADRACE_BOOTSTRAP_ADMIN_KEY",
  "HEADRACE_BOOTSTRAP_KEY",
  "HEADRACE_MODELS",
  "HEADRACE_HUGGINGFACE_URL",
  "HEADRACE_PYPI_URL",
  "HEADRACE_ENGINE_THREADS",
  "HEADRACE_ENGINE_MEMORY_MB",
  "HEADRACE_ENGINE_PARALLEL",
  "HEADRACE_ENGINE_IDLE_SECONDS",
  "HEADRACE_ALLOW_HOSTS",
  "HEADRACE_SMTP_URL",
  "HEADRACE_MAIL_FROM",
  "HEADRACE_PROCESSES",
  "HEADRACE_DRAIN_SECONDS",
  "HEADRACE_SHUTDOWN_SECONDS",
  "HEADRACE_LOG",
] as const;

export type SettingName = (typeof settingNames)[number];

/** A setting's value without the spaces around it. Empty counts as not set: compose files write `NAME=${NAME:-}`. */
export function settingValue(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === "" ? undefined : value;
}
