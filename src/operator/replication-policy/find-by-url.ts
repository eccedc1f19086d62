import { SECRETS } from "#/kube/resource-type.ts";
import { entriesOf } from "#/operator/robot-account/secret-entries.ts";
import { findAuthorities } from "./find-authorities.ts";
import { LOGIN_ENTRIES, readLogin } from "./registry-login.ts";
import { missing, type RemoteAnswer, type RemoteDeps, type RemoteQuestion } from "./remote-deps.ts";

/** The other side that a policy names by its address, with what the Secrets of the policy's namespace hold for it. */
export const findByUrl = async (
	deps: Pick<RemoteDeps, "client">,
	question: RemoteQuestion & { readonly url: string },
	signal: AbortSignal,
): Promise<RemoteAnswer> => {
	const { namespace, field, remote, url } = question;
	const authorities = await findAuthorities(deps, question, signal);
	if ("refusals" in authorities) return authorities;
	const ref = remote.credentialsSecretRef;
	if (ref === undefined) return { found: { url, ...authorities } };
	const secret = await deps.client.find(SECRETS, { namespace, name: ref.name }, signal);
	const at = `spec.${field}.credentialsSecretRef`;
	if (secret === undefined) {
		const hint = `kubectl create secret generic ${ref.name} --from-literal=username=NAME --from-literal=password=SECRET`;
		return missing(`${at}: there is no Secret ${ref.name} in namespace ${namespace}: ${hint}`);
	}
	const { host } = new URL(url);
	const login = readLogin(entriesOf(secret), host);
	if (login === undefined) {
		return missing(`${at}: the Secret ${ref.name} has no entries ${LOGIN_ENTRIES} with an entry for ${host}`);
	}
	const { uid = "", resourceVersion = "" } = secret.metadata;
	return { found: { url, ...authorities, login, version: { uid, resourceVersion } } };
};
