export type ServerOptions = {
  /** Holds `data` and `headrace.yaml`; it stays when the server ends. Without it, a folder that goes with the server. */
  readonly folder?: string;
  /** Settings besides the usual ones, or instead of them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The text of headrace.yaml. */
  readonly yaml?: string;
  /** The data folder's own `models`, empty at first, instead of the downloads that all test runs share. */
  readonly ownModels?: boolean;
  /** Where its log goes, a line for each request too; without it, the log is read and forgotten. */
  readonly logFile?: string;
  /** What to start instead of the server's program itself, for instance `npm start`. */
  readonly command?: readonly string[];
};

export type RunningServer = {
  readonly url: string;
  /** `url` with `/v1`. */
  readonly baseUrl: string;
  /** The first key of the organization. */
  readonly adminApiKey: string;
  /** The first key of the installation. */
  readonly operatorApiKey: string;
  /** The first project key. */
  readonly apiKey: string;
  readonly pid: number;
  /** Every HEADRACE_ setting that the server was started with. */
  readonly settings: Readonly<Record<string, string>>;
  /** By SIGTERM; resolves when the process has ended. */
  stop(): Promise<void>;
  /** By SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
};

export const sharedModelsFolder: string;
export const chatModel: string;
export const embeddingModel: string;

/** Resolves when the server says that it is ready; rejects where it ends before. */
export function startServer(options?: ServerOptions): Promise<RunningServer>;
