import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDockerRegistry } from "../../../bench/servers/docker-registry.ts";
import { findPart, skipWithout } from "../../support/parts.ts";
import { type RunningRegistry, remoteSuite } from "../../support/remote-suite.ts";

/** Registries by the part that is looked for. */
const REGISTRIES: readonly (readonly [part: string, name: string, isNew: boolean])[] = [
	["registry-2.8.2", "docker-registry 2.8.2", false],
	["registry-2.8.3", "docker-registry 2.8.3", false],
	["registry-3", "distribution 3", true],
];

const startRegistry = async (part: string, name: string): Promise<RunningRegistry> => {
	const program = findPart(part);
	if (program === undefined) throw new Error(`${part} is not on this machine: see .ci/parts/peers`);
	const folder = mkdtempSync(join(tmpdir(), "limani-remote-"));
	const root = join(folder, "root");
	mkdirSync(root);
	const storage = { filesystem: { rootdirectory: root } };
	const server = await startDockerRegistry({ name, program, storage, folder, deletes: true });
	return {
		port: server.port,
		async [Symbol.asyncDispose]() {
			await server[Symbol.asyncDispose]();
			rmSync(folder, { recursive: true, force: true });
		},
	};
};

for (const [part, name, isNew] of REGISTRIES) {
	remoteSuite(name, skipWithout(part), () => startRegistry(part, name), {
		deletesTags: isNew,
		keepsUploads: isNew,
		listsReferrers: false,
	});
}
