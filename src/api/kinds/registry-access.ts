import { z } from "zod";
import { atLeast, duration } from "#/api/fields/durations.ts";
import { listMap, wordSet } from "#/api/fields/lists.ts";
import { annotations, namespaceName, objectName } from "#/api/fields/names.ts";
import { secretKeyRef } from "#/api/fields/references.ts";
import { withRules } from "#/api/fields/rules.ts";
import { labelSelector } from "#/api/fields/selectors.ts";
import { rootUrl } from "#/api/fields/urls.ts";
import { userNameField } from "#/api/fields/user-names.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { serviceAccountTokens, tokenIssuers } from "./registry-issuers.ts";

const IN_CLUSTER = "In a cluster";

const hostName = z
	.string()
	.min(1)
	.max(253)
	.regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "expected a host name");

const ingress = z.object({
	className: objectName.exactOptional().describe("IngressClass; default: that of the cluster"),
	host: hostName.describe("Host name that clients use"),
	annotations: annotations.default({}).describe("Annotations of the Ingress"),
	tlsSecretName: objectName.exactOptional().describe("Secret with the certificate; default: no TLS at the Ingress"),
});

const service = z.object({
	type: z.enum(["ClusterIP", "NodePort", "LoadBalancer"]).default("ClusterIP").describe("Type of the Service"),
	annotations: annotations.default({}).describe("Annotations of the Service"),
	port: z.int32().min(1).max(65_535).exactOptional().describe("Port of the Service; default: 443 with tls, else 80"),
});

/** How clients reach a Registry. */
export const registryExposure = z.object({
	externalUrl: rootUrl
		.exactOptional()
		.describe("The address that clients use; default: that of the Ingress, the Service or the listener"),
	service: service.prefault({}).describe(`The Service in front of the pods. ${IN_CLUSTER}`),
	ingress: ingress.exactOptional().describe(`An Ingress in front of the Service; default: none. ${IN_CLUSTER}`),
	tls: z
		.object({ secretName: objectName.describe("Secret of type kubernetes.io/tls with the certificate") })
		.exactOptional()
		.describe("TLS in the registry itself; default: none"),
});

const user = z.object({
	name: userNameField.describe("What the user logs in with"),
	passwordSecretRef: secretKeyRef.describe("The password"),
	admin: z.boolean().default(false).describe("Whether everything is allowed, in every project"),
	disabled: z.boolean().default(false).describe("Whether the user may not log in"),
});

const lifetime = (fallback: string) => withRules(duration, atLeast("1m")).default(fallback);

/** Who may log in to a Registry, and how. */
export const registryAuth = z.object({
	users: listMap(user, ["name"], 1_000).default([]).describe("Users that the registry itself knows"),
	anonymousPull: z.boolean().default(true).describe("Whether Public projects may be pulled from without credentials"),
	basic: z.boolean().default(true).describe("Whether Basic credentials are accepted where a token is"),
	serviceAccountTokens: serviceAccountTokens
		.exactOptional()
		.describe("Accept tokens of this cluster's service accounts, for RobotAccounts that trust them; default: none"),
	issuers: tokenIssuers
		.default([])
		.describe("Others whose tokens RobotAccounts may trust, such as those of a CI system or of another cluster"),
	tokenLifetime: lifetime("5m").describe(
		"How long a token lives, and so how soon what was taken away from somebody has an effect; 1m or more",
	),
	refreshTokenLifetime: lifetime("30d").describe("How long a client can get tokens without the password; 1m or more"),
});

/** Whose Projects and RobotAccounts may name a Registry. */
export const allowedNamespaces = z.object({
	names: wordSet(namespaceName, 1_000).default([]).describe("Names of namespaces"),
	selector: labelSelector.exactOptional().describe("Namespaces by their labels, too; empty: all"),
});

const network = z
	.string()
	.min(2)
	.max(64)
	.regex(/^[0-9A-Fa-f:.]+(\/[0-9]{1,3})?$/, "expected an address or a network such as 127.0.0.0/8")
	.refine((text) => parseNetwork(text) !== undefined, "expected an address or a network such as 127.0.0.0/8");

/** What a Registry may connect to on behalf of those who use it. */
export const registryEgress = z.object({
	allow: wordSet(network, 64)
		.default([])
		.describe(
			"Networks of loopback, link-local, metadata and other special addresses that policies may reach all the same; public and private ones need none",
		),
});
