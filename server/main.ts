import { reportFailure } from "./cli/report-failure.ts";
import { readEnvironment } from "./config/environment.ts";
import { serve } from "./serve.ts";

await reportFailure(() => serve({ environment: readEnvironment(), cwd: process.cwd() }));
