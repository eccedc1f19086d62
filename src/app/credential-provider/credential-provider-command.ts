import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import { answerKubelet, ROBOT_ANNOTATION } from "./answer-kubelet.ts";

const HELP = `Usage: limani credential-provider [--user NAME]

A credential provider of the kubelet: reads a CredentialProviderRequest from stdin and answers on stdout that the pod's
own token is the password. So pods pull without any Secret, as the robot accounts that trust their service accounts.

  --user NAME   the user name, such as robot$NAMESPACE+NAME; default: the robot account that the annotation
                ${ROBOT_ANNOTATION} of the service account names, or else the one that trusts it
`;

/** More than the kubelet ever writes, bytes. */
const MAX_BYTES = 1024 * 1024;

/** Runs `limani credential-provider`. @returns the exit code */
export const credentialProviderCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = readArgs("limani credential-provider", {
		args: [...args],
		options: { user: { type: "string" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) {
		writeStdout(HELP);
		return 0;
	}
	const answer = answerKubelet(await readStdin(), values.user);
	if ("failed" in answer) {
		process.stderr.write(`limani: ${answer.failed}\n`);
		return 1;
	}
	writeStdout(`${JSON.stringify(answer.response)}\n`);
	return 0;
};

const readStdin = async (): Promise<string> => {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of process.stdin) {
		const piece = Buffer.from(chunk);
		size += piece.length;
		if (size > MAX_BYTES) break;
		chunks.push(piece);
	}
	return Buffer.concat(chunks).toString();
};
