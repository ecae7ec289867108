import { readEnvironment } from "./config/environment.ts";
import { serve } from "./serve.ts";

await serve({ environment: readEnvironment(), cwd: process.cwd() });
