import { clusterSuite } from "../../support/cluster-suite.ts";

clusterSuite("SQLite", async () => ({}));
