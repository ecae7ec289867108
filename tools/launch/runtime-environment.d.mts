export const runtimeEnvironment: Readonly<Record<string, string>>;
