/** Entry of the thread that runs long reads. */
import { program } from "#/metadata/sql/program.ts";
import { threadStart } from "./database-thread.ts";
import { serveSnapshots } from "./snapshot-server.ts";

const { port, file } = threadStart();
serveSnapshots(port, file, program);
