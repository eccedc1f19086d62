import { parse, YAMLParseError } from "yaml";
import { CodedError } from "#/lib/coded-error.ts";

/** A text is not YAML. The message says what is wrong and where, and quotes nothing: any line may hold a secret. */
export class YamlError extends CodedError<"YAML_INVALID"> {
	override readonly name = "YamlError";

	constructor(message: string, options?: ErrorOptions) {
		super("YAML_INVALID", message, options);
	}
}

/** What a YAML text says. @throws YamlError */
export const readYaml = (text: string): unknown => {
	let problem: string;
	try {
		// Warnings would quote the text.
		return parse(text, { logLevel: "error" });
	} catch (error) {
		// Not the cause of what is thrown, for the library's own message quotes the text.
		problem = describe(error);
	}
	throw new YamlError(problem);
};

const describe = (error: unknown): string => {
	// An alias without its anchor is a ReferenceError, without a position.
	if (!(error instanceof YAMLParseError)) return "an alias or a reference in it cannot be followed";
	const [start] = error.linePos ?? [];
	const what = error.code.toLowerCase().replaceAll("_", " ");
	return start === undefined ? what : `${what} at line ${start.line}, column ${start.col}`;
};
