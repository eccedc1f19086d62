import { applySteps } from "./kubectl-apply-steps.ts";
import { changeSteps } from "./kubectl-change-steps.ts";
import { deleteSteps } from "./kubectl-delete-steps.ts";
import { ownerSteps } from "./kubectl-owner-steps.ts";
import { readSteps } from "./kubectl-read-steps.ts";
import { refusalSteps } from "./kubectl-refusal-steps.ts";
import type { KubectlStep } from "./kubectl-step.ts";

/** All commands that both servers are given, in this order. Each part stands on what those before it left. */
export const kubectlScript: readonly KubectlStep[] = [
	...applySteps,
	...readSteps,
	...changeSteps,
	...refusalSteps,
	...ownerSteps,
	...deleteSteps,
];
