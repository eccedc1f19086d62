// What the operator costs with many resources, on a real API server: `npm run bench:operator -- --help`, and docs/benchmark.md.
import { runOperator } from "./operator/run.ts";

await runOperator(process.argv.slice(2));
