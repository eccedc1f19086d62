import type { StoredAt } from "#/api/kinds/registry-places.ts";
import type { SecretUses } from "./secret-uses.ts";

/**
 * What a configuration document says of a place in an object store; absent when the place is none.
 *
 * @param prefix what the names of its variables begin with, such as `LIMANI_STORES_DEFAULT`
 */
export const storeSettings = ({ s3, gcs, azure }: StoredAt, prefix: string, uses: SecretUses): object | undefined => {
	if (s3 !== undefined) {
		const { credentialsSecretRef: keys, caSecretRef, ...settings } = s3;
		if (keys !== undefined) {
			uses.variable(`${prefix}_S3_ACCESS_KEY_ID`, { ...keys, key: "accessKeyId" });
			uses.variable(`${prefix}_S3_SECRET_ACCESS_KEY`, { ...keys, key: "secretAccessKey" });
			uses.variable(`${prefix}_S3_SESSION_TOKEN`, { ...keys, key: "sessionToken" }, true);
		}
		return { s3: { ...settings, ...uses.caFile(caSecretRef) } };
	}
	if (gcs !== undefined) {
		const { credentialsSecretRef: file, ...settings } = gcs;
		return { gcs: { ...settings, ...(file === undefined ? {} : { credentialsFile: uses.file(file) }) } };
	}
	if (azure === undefined) return undefined;
	const { accountKeySecretRef: key, connectionStringSecretRef: connection, ...settings } = azure;
	if (key !== undefined) uses.variable(`${prefix}_AZURE_ACCOUNT_KEY`, key);
	if (connection !== undefined) uses.variable(`${prefix}_AZURE_CONNECTION_STRING`, connection);
	return { azure: settings };
};
