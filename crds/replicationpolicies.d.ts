// Generated from the definition beside it. Do not edit.

/**
 * Keeps repositories the same in two places: copies from another registry, or to one.
 */
export interface ReplicationPolicy {
	apiVersion: "limani.dev/v1alpha1";
	kind: "ReplicationPolicy";
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
		 * The registry that is copied from, to the projects here
		 */
		source?: {
			/**
			 * Whose ways it has: how it gives tokens and lists repositories; Generic does for most
			 */
			type?:
				"Generic" | "DockerHub" | "GHCR" | "Harbor" | "GitLab" | "Quay" | "ECR" | "GAR" | "ACR" | "SWR" | "Artifactory";
			/**
			 * Where it is, such as https://registry.example.org
			 */
			url?: string;
			/**
			 * Secret with username and password, or a .dockerconfigjson with an entry for its host; default: none are sent
			 */
			credentialsSecretRef?: {
				/**
				 * Name of a Secret in the same namespace
				 */
				name: string;
			};
			/**
			 * Authorities to trust beside those of the system; default for a registryRef: those of its certificate
			 */
			caSecretRef?: {
				/**
				 * Name of a Secret in the same namespace
				 */
				name: string;
				/**
				 * Which entry of the Secret holds the authorities, in PEM form
				 */
				key?: string;
			};
			/**
			 * Another Registry of the cluster, in place of url
			 */
			registryRef?: {
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
			 * The robot of that Registry that reads or writes there; its rotations are followed
			 */
			robotAccountRef?: {
				/**
				 * Name of a RobotAccount in the same namespace
				 */
				name: string;
			};
		};
		/**
		 * The registry that the projects here are copied to
		 */
		destination?: {
			/**
			 * Whose ways it has: how it gives tokens and lists repositories; Generic does for most
			 */
			type?:
				"Generic" | "DockerHub" | "GHCR" | "Harbor" | "GitLab" | "Quay" | "ECR" | "GAR" | "ACR" | "SWR" | "Artifactory";
			/**
			 * Where it is, such as https://registry.example.org
			 */
			url?: string;
			/**
			 * Secret with username and password, or a .dockerconfigjson with an entry for its host; default: none are sent
			 */
			credentialsSecretRef?: {
				/**
				 * Name of a Secret in the same namespace
				 */
				name: string;
			};
			/**
			 * Authorities to trust beside those of the system; default for a registryRef: those of its certificate
			 */
			caSecretRef?: {
				/**
				 * Name of a Secret in the same namespace
				 */
				name: string;
				/**
				 * Which entry of the Secret holds the authorities, in PEM form
				 */
				key?: string;
			};
			/**
			 * Another Registry of the cluster, in place of url
			 */
			registryRef?: {
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
			 * The robot of that Registry that reads or writes there; its rotations are followed
			 */
			robotAccountRef?: {
				/**
				 * Name of a RobotAccount in the same namespace
				 */
				name: string;
			};
		};
		/**
		 * What is copied; default: all
		 */
		filters?: {
			/**
			 * Repositories that are copied
			 */
			repositories?: {
				/**
				 * Globs of repositories, by the whole name that they have at the source, of which one must match; default: all
				 */
				matching?: string[];
				/**
				 * Globs of repositories, by the whole name that they have at the source, of which none may match
				 */
				excluding?: string[];
			};
			/**
			 * Tags that are copied
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
			 * Globs of media types (artifactType, or that of the config); default: all
			 */
			artifactTypes?: string[];
			/**
			 * Platforms of images, such as linux/arm64; of an index these alone go, under an index of their own
			 */
			platforms?: string[];
			/**
			 * Labels of the image or annotations of the manifest, each KEY or KEY=VALUE, that must all be there
			 */
			labels?: string[];
		};
		/**
		 * What names become at the target: the first that fits counts; default: they stay
		 */
		rename?: {
			/**
			 * What a repository's name at the source begins with, in whole components; empty: all
			 */
			from: string;
			/**
			 * What stands there at the target
			 */
			to: string;
		}[];
		/**
		 * Copy adds and moves; Mirror also takes away what was copied there and has gone at the source
		 */
		mode?: "Copy" | "Mirror";
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
		 * When it runs
		 */
		trigger?: {
			/**
			 * When it runs, as five fields of cron in UTC, such as 0 3 * * *; default: only when the annotation limani.dev/requestedAt asks for it
			 */
			schedule?: string;
			/**
			 * Whether also soon after something changed here; with destination
			 */
			onEvent?: boolean;
		};
		/**
		 * Whether signatures, SBOMs and other referrers go with what they refer to
		 */
		referrers?: boolean;
		/**
		 * Bytes in a second that it may use, such as 50Mi; 1Ki or more; default: as many as there are
		 */
		bandwidth?: number | string;
		/**
		 * Transfers at the same time
		 */
		concurrency?: number;
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
			trigger: "Schedule" | "Request" | "Event" | "Command";
			/**
			 * Artifacts that were not there before
			 */
			copied: number;
			/**
			 * Artifacts that were there already
			 */
			skipped: number;
			/**
			 * Artifacts that could not be copied
			 */
			failed: number;
			/**
			 * Copies that went, as what they were copied from has gone
			 */
			removed: number;
			/**
			 * Bytes that were sent
			 */
			bytes: number;
		}[];
		/**
		 * When it runs next by its schedule
		 */
		nextRunTime?: string;
		/**
		 * Where the other side is
		 */
		remote?: string;
		/**
		 * How far the copies are what the source has, at most a few minutes ago
		 */
		tags?: {
			/**
			 * Tags that are the same on both sides
			 */
			inSync: number;
			/**
			 * Tags that are yet to be copied
			 */
			behind: number;
			/**
			 * Tags that somebody else moved at the target
			 */
			diverged: number;
		};
		/**
		 * For how long what is behind longest has waited; 0: nothing is. Where a source could not be seen whole, at least the time since it last was
		 */
		lagSeconds?: number;
		/**
		 * When that was seen
		 */
		observedTime?: string;
	};
}
