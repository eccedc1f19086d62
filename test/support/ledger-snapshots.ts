// Entry of a snapshot thread that serves the ledger.
import { threadStart } from "#/metadata/sqlite/database-thread.ts";
import { serveSnapshots } from "#/metadata/sqlite/snapshot-server.ts";
import { ledger } from "./ledger.ts";

const { port, file } = threadStart();
serveSnapshots(port, file, ledger);
