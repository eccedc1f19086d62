// What several replicas bring and cost: `npm run bench:ha -- --help`, and docs/benchmark.md.
import { runHa } from "./ha/run.ts";

await runHa(process.argv.slice(2));
