/** What keeps a registry from running as wanted in a cluster. */
import { KubeError } from "#/kube/kube-error.ts";
import type { RegistryProblem, RegistryRef } from "#/operator/registry/actuator.ts";
import { namesOf } from "./names.ts";

/** Its objects were only just applied. */
export const BEGINNING: RegistryProblem = {
	reason: "Progressing",
	message: "its pods are being made",
	terminal: false,
};

/** @param objects those that stand where ours should be, such as `Secret app-registry-control` */
export const notOurs = (objects: readonly string[]): RegistryProblem => ({
	reason: "NotOurs",
	message: `not made for this Registry, and left alone: ${objects.join(", ")}`,
	terminal: true,
});

/** There is something that was sealed with a master key, and no master key. */
export const keyIsLost = (registry: RegistryRef): RegistryProblem => ({
	reason: "Failed",
	message: `the Secret ${namesOf(registry).masterKey} is gone, and what was sealed with the master key in it cannot be opened with another: restore it`,
	terminal: false,
});

/** A problem with what its pods say of it, if they do. */
export const withTrouble = (problem: RegistryProblem, trouble: string | undefined): RegistryProblem =>
	trouble === undefined ? problem : { ...problem, message: `${problem.message}: ${trouble}` };

/** What the API server refuses for a reason that its owner can do something about; absent when trying again may help. */
export const refusalOf = (error: unknown): RegistryProblem | undefined => {
	if (!(error instanceof KubeError)) return undefined;
	const { code, message } = error;
	if (code === "INVALID") return { reason: "InvalidSpec", message, terminal: true };
	if (code === "FORBIDDEN") return { reason: "Failed", message, terminal: false };
	return undefined;
};
