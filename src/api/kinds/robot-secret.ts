import { z } from "zod";
import { wordSet } from "#/api/fields/lists.ts";
import { annotations, labels, objectName } from "#/api/fields/names.ts";
import { type Rule, withRules } from "#/api/fields/rules.ts";
import { labelSelector } from "#/api/fields/selectors.ts";

const isOurs = (key: string): boolean => key.startsWith("limani.dev/") || key === "app.kubernetes.io/managed-by";

const notOurs: Rule<{ readonly [key: string]: string }> = {
	rule: "self.all(key, !key.startsWith('limani.dev/') && key != 'app.kubernetes.io/managed-by')",
	message: "app.kubernetes.io/managed-by and what begins with limani.dev/ are set by the operator",
	holds: (words) => !Object.keys(words).some(isOurs),
};

const onlyImagePull: Rule<{
	readonly type: string;
	readonly attachTo: { readonly serviceAccounts: readonly string[] };
}> = {
	rule: "self.type == 'DockerConfigJson' || self.attachTo.serviceAccounts.size() == 0",
	message: "only a Secret of type DockerConfigJson can be attached to service accounts",
	fieldPath: ".attachTo",
	holds: ({ type, attachTo }) => type === "DockerConfigJson" || attachTo.serviceAccounts.length === 0,
};

const onlyWhatIsThere: Rule<{ readonly type: string; readonly copyTo?: unknown }> = {
	rule: "self.type != 'None' || !has(self.copyTo)",
	message: "a Secret that is not there cannot be copied",
	fieldPath: ".copyTo",
	holds: ({ type, copyTo }) => type !== "None" || copyTo === undefined,
};

/** Where a robot's credential is kept, and who else gets it. */
export const robotSecret = withRules(
	z.object({
		name: objectName.exactOptional().describe("Name of the Secret; default: metadata.name"),
		type: z
			.enum(["DockerConfigJson", "Basic", "Opaque", "None"])
			.default("DockerConfigJson")
			.describe(
				"DockerConfigJson: for pulling images (.dockerconfigjson); Basic: username and password; Opaque: username, password, registry; None: there is none, for a robot with trust",
			),
		labels: withRules(labels, notOurs).default({}).describe("Labels of the Secret and its copies"),
		annotations: withRules(annotations, notOurs).default({}).describe("Annotations of the Secret and its copies"),
		copyTo: z
			.object({ namespaceSelector: labelSelector.describe("Which namespaces, by their labels; empty: all") })
			.exactOptional()
			.describe(
				"Other namespaces that get a copy: of those selected, the ones that accept it by the label limani.dev/accept-from",
			),
		attachTo: z
			.object({
				serviceAccounts: wordSet(objectName, 64)
					.default([])
					.describe("Names of service accounts that pull images with it, here and where there are copies"),
			})
			.prefault({})
			.describe("Which service accounts name the Secret in imagePullSecrets"),
	}),
	onlyImagePull,
	onlyWhatIsThere,
);
