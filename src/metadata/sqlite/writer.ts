/** Entry of the writer thread. */
import { program } from "#/metadata/sql/program.ts";
import { threadStart } from "./database-thread.ts";
import { serveWriter } from "./writer-server.ts";

await serveWriter(threadStart(), program);
