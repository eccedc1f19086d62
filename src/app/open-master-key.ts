import { join } from "node:path";
import type { MasterKey } from "#/auth/master-key.ts";
import { openMasterKey } from "#/auth/open-master-key.ts";
import type { Config } from "./config/schema.ts";

/**
 * The key that seals the registry's secrets. One that the configuration names must be there; the one in the data
 * directory is made when it is absent.
 *
 * @throws MasterKeyError
 */
export const openConfiguredMasterKey = ({ auth, dataDir }: Config): Promise<MasterKey> =>
	auth.masterKeyFile === undefined
		? openMasterKey(join(dataDir, "master.key"), { create: true })
		: openMasterKey(auth.masterKeyFile);
