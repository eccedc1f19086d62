import { KubeError, type KubeErrorCode } from "#/kube/kube-error.ts";

/** The error to throw in place of `cause`, which it keeps. */
export const causedBy = (cause: unknown, code: KubeErrorCode, message: string): KubeError =>
	new KubeError(code, message, { cause });
