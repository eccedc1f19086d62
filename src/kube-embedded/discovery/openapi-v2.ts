/** The media type of OpenAPI v2 in protobuf; clients ask for it with an `@`, which no answer may have. */
export const OPENAPI_V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

const INFO = { title: "Kubernetes", version: "v1.35.0" };

/** The document of OpenAPI v2. It defines nothing: whoever asks for it does without, or asks for version 3. */
export const OPENAPI_V2 = { swagger: "2.0", info: INFO, paths: {}, definitions: {} };

/** A field of a protobuf message that is shorter than 128 bytes, ASCII all through. */
const field = (number: number, content: string): string =>
	String.fromCharCode(number * 8 + 2, content.length) + content;

/**
 * The same in protobuf. Without it kubectl does not apply a `kind: List`, which it checks against version 2; what that
 * does not define it leaves to the server.
 */
export const openApiV2Protobuf = (): string =>
	field(1, OPENAPI_V2.swagger) + field(2, field(1, INFO.title) + field(2, INFO.version));
