import { SECRETS } from "#/kube/resource-type.ts";
import { entriesOf } from "#/operator/robot-account/secret-entries.ts";
import { missing, type RemoteAnswer, type RemoteDeps, type RemoteQuestion } from "./remote-deps.ts";

const PEM = "-----BEGIN CERTIFICATE-----";

/** The authorities that a policy names for the other side, in PEM form. @throws KubeError */
export const findAuthorities = async (
	{ client }: Pick<RemoteDeps, "client">,
	{ namespace, field, remote }: RemoteQuestion,
	signal: AbortSignal,
): Promise<{ readonly ca?: string } | Extract<RemoteAnswer, { readonly refusals: unknown }>> => {
	const ref = remote.caSecretRef;
	if (ref === undefined) return {};
	const secret = await client.find(SECRETS, { namespace, name: ref.name }, signal);
	const at = `spec.${field}.caSecretRef`;
	if (secret === undefined) {
		const hint = `kubectl create secret generic ${ref.name} --from-file=${ref.key}=FILE`;
		return missing(`${at}: there is no Secret ${ref.name} in namespace ${namespace}: ${hint}`);
	}
	const ca = entriesOf(secret)[ref.key];
	if (ca?.includes(PEM) === true) return { ca };
	return missing(`${at}: the entry ${ref.key} of the Secret ${ref.name} holds no certificate in PEM form`);
};
