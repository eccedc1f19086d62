import { z } from "zod";
import { formatIssues } from "#/lib/format-issues.ts";

/** The group of what the kubelet and its plugins say to one another. */
const GROUP = "credentialprovider.kubelet.k8s.io";

const requestSchema = z.object({
	// All versions say the same of what is looked at here; service accounts' tokens came with v1.
	apiVersion: z.literal([`${GROUP}/v1`]),
	kind: z.literal("CredentialProviderRequest"),
	image: z.string().min(1).max(4_096),
	serviceAccountToken: z.string().max(65_536).optional(),
	serviceAccountAnnotations: z.record(z.string(), z.string()).nullish(),
});

/** By this annotation a service account names the robot account that its pods pull as: `NAME` or `NAMESPACE/NAME`. */
export const ROBOT_ANNOTATION = "limani.dev/robot-account";

/** The user name where none is named: the registry finds the robot account by the token. */
const ANY_USER = "serviceaccount";

/** What came of a request. `failed` is for the kubelet's log. */
export type KubeletAnswer = { readonly response: object } | { readonly failed: string };

/**
 * What is answered to the kubelet's `CredentialProviderRequest` (KEP-4412): the pod's own token is the password. Nothing
 * is to be kept of it, since the kubelet has a token for each pod and renews it.
 *
 * @param text what the kubelet wrote
 * @param user the user name to log in with; absent: as the service account's annotation says
 */
export const answerKubelet = (text: string, user: string | undefined): KubeletAnswer => {
	const request = requestSchema.safeParse(parseJson(text));
	if (!request.success) {
		return { failed: `expected a CredentialProviderRequest of ${GROUP}/v1: ${formatIssues(request.error.issues)}` };
	}
	const { apiVersion, image, serviceAccountToken: password = "", serviceAccountAnnotations } = request.data;
	if (password === "") {
		return { failed: "there is no serviceAccountToken: the provider's tokenAttributes must ask for one" };
	}
	const [host = image] = image.split("/", 1);
	const username = user ?? robotOf(serviceAccountAnnotations?.[ROBOT_ANNOTATION], password) ?? ANY_USER;
	return {
		response: {
			apiVersion,
			kind: "CredentialProviderResponse",
			cacheKeyType: "Registry",
			cacheDuration: "0s",
			auth: { [host]: { username, password } },
		},
	};
};

const tokenSchema = z.object({ "kubernetes.io": z.object({ namespace: z.string().min(1) }) });

/** The full name of a robot account that is named without its namespace, which is then that of the pod. */
const robotOf = (named: string | undefined, token: string): string | undefined => {
	if (named === undefined || named === "") return undefined;
	if (named.includes("/")) return `robot$${named.replace("/", "+")}`;
	const claims = tokenSchema.safeParse(parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()));
	return claims.success ? `robot$${claims.data["kubernetes.io"].namespace}+${named}` : undefined;
};

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};
