import { z } from "zod";
import { objectName } from "#/api/fields/names.ts";
import { authoritiesRef, registryRef, secretRef } from "#/api/fields/references.ts";
import { exactlyOne, type Rule, withRules } from "#/api/fields/rules.ts";
import { rootUrl } from "#/api/fields/urls.ts";
import { REMOTE_TYPES } from "#/api/replication-policy-spec.ts";

interface Remote {
	readonly type: string;
	readonly registryRef?: unknown;
	readonly robotAccountRef?: unknown;
	readonly credentialsSecretRef?: unknown;
}

const consents: Rule<Remote> = {
	rule: "has(self.registryRef) == has(self.robotAccountRef)",
	message: "registryRef and robotAccountRef go together: the other Registry consents by what that robot may do",
	holds: (remote) => (remote.registryRef === undefined) === (remote.robotAccountRef === undefined),
};

const needsNoMore: Rule<Remote> = {
	rule: "!has(self.registryRef) || (!has(self.credentialsSecretRef) && self.type == 'Generic')",
	message: "type and credentialsSecretRef go with url: a registryRef says both by itself",
	holds: (remote) =>
		remote.registryRef === undefined || (remote.credentialsSecretRef === undefined && remote.type === "Generic"),
};

/** The registry on the other side of a replication: any one by its URL, or another Registry of the cluster. */
export const replicationRemote = withRules(
	z.object({
		type: z
			.enum(REMOTE_TYPES)
			.default("Generic")
			.describe("Whose ways it has: how it gives tokens and lists repositories; Generic does for most"),
		url: rootUrl.exactOptional().describe("Where it is, such as https://registry.example.org"),
		credentialsSecretRef: secretRef
			.exactOptional()
			.describe(
				"Secret with username and password, or a .dockerconfigjson with an entry for its host; default: none are sent",
			),
		caSecretRef: authoritiesRef
			.exactOptional()
			.describe("Authorities to trust beside those of the system; default for a registryRef: those of its certificate"),
		registryRef: registryRef.exactOptional().describe("Another Registry of the cluster, in place of url"),
		robotAccountRef: z
			.object({ name: objectName.describe("Name of a RobotAccount in the same namespace") })
			.exactOptional()
			.describe("The robot of that Registry that reads or writes there; its rotations are followed"),
	}),
	exactlyOne("url", "registryRef"),
	consents,
	needsNoMore,
);

/** The registry on the other side, with defaults. */
export type ReplicationRemote = z.output<typeof replicationRemote>;
