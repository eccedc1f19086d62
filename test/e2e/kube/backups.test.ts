import "../../support/on-real-api.ts";
import "../operator/backups.test.ts";
