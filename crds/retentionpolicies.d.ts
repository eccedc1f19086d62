// Generated from the definition beside it. Do not edit.

/**
 * What stays in the repositories of projects, and so what goes, and when.
 */
export interface RetentionPolicy {
	apiVersion: "limani.dev/v1alpha1";
	kind: "RetentionPolicy";
	metadata: {
		name: string;
		namespace?: string;
		labels?: {[key: string]: string};
		annotations?: {[key: string]: string};
		[field: string]: unknown;
	};
	/**
	 * What is wanted; written by its owners, never by the operator
	 */
	spec: {
		/**
		 * The Registry that the policy is in
		 */
		registryRef: {
			/**
			 * Name of the Registry
			 */
			name: string;
			/**
			 * Namespace of the Registry, which must allow this one by allowedNamespaces; default: this namespace
			 */
			namespace?: string;
		};
		/**
		 * Projects that it is about; while one of them is missing or not ready the policy waits as a whole
		 */
		projectRefs?: {
			/**
			 * Name of the Project
			 */
			name: string;
			/**
			 * Namespace of the Project, which must name this one in delegateTo; default: this namespace
			 */
			namespace?: string;
		}[];
		/**
		 * Projects that it is about, by name, those to come too; only in the Registry's own namespace
		 */
		projectNames?: {
			/**
			 * Globs of names of projects, of which one must match; default: all
			 */
			matching?: string[];
			/**
			 * Globs of names of projects, of which none may match
			 */
			excluding?: string[];
		};
		/**
		 * What stays: what no rule keeps goes, in the repositories that a rule is about; others are left alone
		 */
		rules: {
			/**
			 * What explanations call the rule
			 */
			name: string;
			/**
			 * Repositories that the rule is about
			 */
			repositories?: {
				/**
				 * Globs of repositories, without the project before them, of which one must match; default: all
				 */
				matching?: string[];
				/**
				 * Globs of repositories, without the project before them, of which none may match
				 */
				excluding?: string[];
			};
			/**
			 * Tags that the rule is about
			 */
			tags?: {
				/**
				 * Globs of tags, of which one must match; default: all
				 */
				matching?: string[];
				/**
				 * Globs of tags, of which none may match
				 */
				excluding?: string[];
				/**
				 * Regular expression in RE2's syntax that must match the whole tag
				 */
				regex?: string;
				/**
				 * Range of semantic versions that the tag must lie in, such as >=1.2.0 <2; a leading v does not matter
				 */
				semver?: string;
			};
			/**
			 * Artifacts without tags: they too, not they, or they alone; default: they too, unless tags are excluded
			 */
			untagged?: "Include" | "Exclude" | "Only";
			/**
			 * Globs of media types (artifactType, or that of the config); default: all
			 */
			artifactTypes?: string[];
			/**
			 * Why an artifact stays; all that is given must hold
			 */
			keep: {
				/**
				 * Among so many of the rule's artifacts in a repository that were pushed last
				 */
				latestPushed?: number;
				/**
				 * Among so many of the rule's artifacts in a repository that were pulled last
				 */
				latestPulled?: number;
				/**
				 * Among so many of the rule's artifacts in a repository that were pushed or pulled last
				 */
				latestActive?: number;
				/**
				 * Pushed at most so long ago, such as 30d
				 */
				pushedWithin?: string;
				/**
				 * Pulled at most so long ago, such as 30d
				 */
				pulledWithin?: string;
				/**
				 * Pushed or pulled at most so long ago, such as 30d
				 */
				activeWithin?: string;
				/**
				 * Whatever its age
				 */
				always?: boolean;
			};
		}[];
		/**
		 * What stays whatever the rules say, beside immutable and referenced ones
		 */
		protect?: {
			/**
			 * Artifacts that have a signature among their referrers
			 */
			signed?: boolean;
			/**
			 * Artifacts with one of these annotations, each KEY or KEY=VALUE
			 */
			annotations?: string[];
		};
		/**
		 * When it runs, as five fields of cron in UTC, such as 0 3 * * *; default: only when the annotation limani.dev/requestedAt asks for it
		 */
		schedule?: string;
		/**
		 * Whether to say what would go, and to take away nothing
		 */
		dryRun?: boolean;
		/**
		 * A run that would take away more takes away nothing, and says so
		 */
		guard?: {
			/**
			 * Percent that one run may take away
			 */
			maxShare?: number;
			/**
			 * Fewer than so many are never too many
			 */
			minimum?: number;
		};
		/**
		 * Whether to begin no run, whatever the schedule and annotations say
		 */
		suspend?: boolean;
	};
	/**
	 * What was observed; written by the operator
	 */
	status?: {
		/**
		 * The metadata.generation that was last acted upon; -1: none yet
		 */
		observedGeneration?: number;
		/**
		 * What is true of it; Ready is the one to wait for, Reconciling and Stalled are there only while True
		 */
		conditions?: {
			/**
			 * What it is about
			 */
			type: string;
			/**
			 * Whether it is so
			 */
			status: "True" | "False" | "Unknown";
			/**
			 * The metadata.generation that it is about
			 */
			observedGeneration: number;
			/**
			 * When status last changed
			 */
			lastTransitionTime: string;
			/**
			 * Why, as one word of a closed list
			 */
			reason: string;
			/**
			 * Why, for people
			 */
			message: string;
		}[];
		/**
		 * The value of the annotation limani.dev/requestedAt that was last acted upon
		 */
		lastHandledRequestedAt?: string;
		/**
		 * The last runs, the newest first
		 */
		runs?: {
			/**
			 * Which run it is
			 */
			id: string;
			/**
			 * When it began
			 */
			startTime: string;
			/**
			 * When it ended; absent while it goes on
			 */
			completionTime?: string;
			/**
			 * What it came to; Stopped: by the guard; Interrupted: by the end of the process, it runs again
			 */
			outcome: "Running" | "Succeeded" | "Failed" | "Stopped" | "Interrupted";
			/**
			 * What there is to say about it
			 */
			message: string;
			/**
			 * What began it
			 */
			trigger: "Schedule" | "Request" | "Command";
			/**
			 * Whether it only said what would go
			 */
			dryRun: boolean;
			/**
			 * Artifacts that the policy is about
			 */
			looked: number;
			/**
			 * Artifacts that stay
			 */
			kept: number;
			/**
			 * Artifacts that went; in a dry run: that would go
			 */
			removed: number;
			/**
			 * Bytes of those that went
			 */
			bytes: number;
			/**
			 * What each rule keeps
			 */
			byRule?: {
				/**
				 * Name of the rule
				 */
				rule: string;
				/**
				 * Artifacts that it keeps
				 */
				kept: number;
			}[];
		}[];
		/**
		 * When it runs next by its schedule
		 */
		nextRunTime?: string;
		/**
		 * Why artifacts go by the last run, the first of them; limani retention explain tells the rest
		 */
		explain?: {
			/**
			 * Repository of the artifact
			 */
			repository: string;
			/**
			 * Digest of the artifact
			 */
			digest: string;
			/**
			 * Some of its tags
			 */
			tags?: string[];
			/**
			 * Whether it stays
			 */
			keep: boolean;
			/**
			 * Name of the rule that keeps it
			 */
			rule?: string;
			/**
			 * Why it stays or goes
			 */
			why: string;
		}[];
	};
}
