import { CodedError } from "#/lib/coded-error.ts";

/** A protobuf body that cannot be read. MALFORMED: it is none, or broken off. UNKNOWN_KIND: of a kind that is not read from protobuf. */
export class ProtoError extends CodedError<"MALFORMED" | "UNKNOWN_KIND"> {
	override readonly name = "ProtoError";
}
