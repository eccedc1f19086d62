// What a registry does with its content as it gets old: `npm run bench:lifecycle -- --help`, and docs/benchmark.md.
import { runLifecycle } from "./lifecycle/run.ts";

await runLifecycle(process.argv.slice(2));
