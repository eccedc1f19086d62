import "../../support/on-real-api.ts";
import "../kubectl/gitops.test.ts";
