import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { RemoteError } from "#/client/remote-error.ts";
import { ACR_TOKEN_USER, AcrLogin } from "./acr.ts";
import type { Ask } from "./ask.ts";
import { EcrLogin, parseEcrHost } from "./ecr.ts";
import { fixedLogin, type LoginSource } from "./login.ts";
import type { RenewedDeps } from "./renewed.ts";
import { swrLogin } from "./swr.ts";

/** A user name that says that the password is a refresh token, as in Docker's configuration. */
const TOKEN_USER = "<token>";

/**
 * How one logs in at a registry of its type, with what its owner gave; undefined: not at all.
 *
 * @param registry its origin
 * @throws RemoteError INVALID for credentials or an address that the type has no use for
 */
export const openLogin = (
	deps: RenewedDeps & { readonly ask: Ask },
	{ type, credentials }: Pick<RemoteSpec, "type" | "credentials">,
	registry: URL,
): LoginSource | undefined => {
	if (credentials === undefined) return undefined;
	const { username, password } = credentials;
	if (type === "ECR") {
		const ecr = parseEcrHost(registry.host);
		if (ecr === undefined) throw new RemoteError("INVALID", `${registry.host} is no host of ECR`);
		// `aws ecr get-login-password` gives a password for this name, which is shown as it is.
		if (username === "AWS") return fixedLogin({ kind: "basic", username, password });
		return new EcrLogin({ ...deps, keys: { accessKeyId: username, secretAccessKey: password } }, ecr);
	}
	if (type === "ACR" && username === ACR_TOKEN_USER) return new AcrLogin(deps, registry, password);
	if (type === "SWR") return fixedLogin(swrLogin(registry.host, credentials));
	if (username === TOKEN_USER) return fixedLogin({ kind: "refreshToken", token: password });
	return fixedLogin({ kind: "basic", username, password });
};
