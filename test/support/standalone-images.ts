// Images into and out of the registries of standalone mode, by skopeo and with the Secrets that robots get.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { MadeLayout } from "./oci-layout.ts";
import type { ProgramEnd } from "./run-program.ts";
import type { StandaloneProcess } from "./standalone-process.ts";

const CREDENTIAL = '{{index .data ".dockerconfigjson" | base64decode}}';

/** A file with the credential of a robot's Secret, as clients take it. @returns its path */
export const credentialFile = async (
	standalone: Pick<StandaloneProcess, "kubectl" | "write">,
	secret: string,
	namespace = "default",
): Promise<string> => {
	const text = await standalone.kubectl("get", "secret", secret, "-n", namespace, "-o", `go-template=${CREDENTIAL}`);
	return standalone.write(`auth/${namespace}-${secret}.json`, text);
};

/** Who asks: the path of a credential file; absent: nobody in particular. */
type Credential = string | undefined;

const credentialArgs = (side: "dest-" | "src-" | "", credential: Credential): readonly string[] =>
	credential === undefined ? [`--${side}no-creds`] : [`--${side}authfile`, credential];

/** Pushes the layout's image for amd64. @param reference such as `team/app:1` */
export const push = (
	{ address, attempt }: Pick<StandaloneProcess, "address" | "attempt">,
	layout: Pick<MadeLayout, "folder">,
	reference: string,
	credential: Credential,
): Promise<ProgramEnd> =>
	attempt(
		"skopeo",
		...["--insecure-policy", "copy", "--dest-tls-verify=false", ...credentialArgs("dest-", credential)],
		...[`oci:${layout.folder}:amd64`, `docker://${address}/${reference}`],
	);

/** Pulls an image whole, into a new directory. */
export const pull = (
	{ address, attempt, folder }: Pick<StandaloneProcess, "address" | "attempt" | "folder">,
	reference: string,
	credential: Credential,
): Promise<ProgramEnd> =>
	attempt(
		"skopeo",
		...["--insecure-policy", "copy", "--src-tls-verify=false", ...credentialArgs("src-", credential)],
		...[`docker://${address}/${reference}`, `dir:${mkdtempSync(join(folder, "pulled-"))}`],
	);
