import { clientSuite } from "../../support/client-suite.ts";

clientSuite(2);
