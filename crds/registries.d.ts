// Generated from the definition beside it. Do not edit.

/**
 * A container registry: where it keeps what is pushed, how clients reach it, who may log in.
 */
export interface Registry {
	apiVersion: "limani.dev/v1alpha1";
	kind: "Registry";
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
	spec?: {
		/**
		 * How many processes serve; 0: none, and what was pushed stays; more than 1 share a database and a bucket
		 */
		replicas?: number;
		/**
		 * Image of the pods; default: that of the operator. In a cluster; standalone mode has no pods
		 */
		image?: string;
		/**
		 * What a pod needs and may use. In a cluster; standalone mode has no pods
		 */
		resources?: {
			/**
			 * What a pod is given for sure, such as cpu: 500m
			 */
			requests?: {
				[k: string]: number | string;
			};
			/**
			 * What a pod may use at most
			 */
			limits?: {
				[k: string]: number | string;
			};
		};
		/**
		 * Labels that a pod's node must have. In a cluster; standalone mode has no pods
		 */
		nodeSelector?: {
			[k: string]: string;
		};
		/**
		 * Taints that do not matter. In a cluster; standalone mode has no pods
		 */
		tolerations?: {
			/**
			 * Key of the taint; default: every key, with operator Exists
			 */
			key?: string;
			/**
			 * Whether the taint's value matters
			 */
			operator?: "Exists" | "Equal";
			/**
			 * Value of the taint, for Equal
			 */
			value?: string;
			/**
			 * Effect of the taint; default: every effect
			 */
			effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
			/**
			 * How long NoExecute is tolerated; default: for ever
			 */
			tolerationSeconds?: number;
		}[];
		/**
		 * Where pods go by what is there already. In a cluster; standalone mode has no pods
		 */
		affinity?: {
			/**
			 * Which nodes
			 */
			nodeAffinity?: {
				/**
				 * What a node must have
				 */
				requiredDuringSchedulingIgnoredDuringExecution?: {
					/**
					 * Terms, of which one must be met
					 */
					nodeSelectorTerms: {
						/**
						 * What must be true of the node's labels
						 */
						matchExpressions?: {
							/**
							 * Key of the node's label, or the field
							 */
							key: string;
							/**
							 * How it relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
							/**
							 * Values; none for Exists and DoesNotExist
							 */
							values?: string[];
						}[];
						/**
						 * What must be true of the node's fields
						 */
						matchFields?: {
							/**
							 * Key of the node's label, or the field
							 */
							key: string;
							/**
							 * How it relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
							/**
							 * Values; none for Exists and DoesNotExist
							 */
							values?: string[];
						}[];
					}[];
				};
				/**
				 * What a node should have
				 */
				preferredDuringSchedulingIgnoredDuringExecution?: {
					/**
					 * How much it counts among the preferences, 1 to 100
					 */
					weight: number;
					/**
					 * What the node should have
					 */
					preference: {
						/**
						 * What must be true of the node's labels
						 */
						matchExpressions?: {
							/**
							 * Key of the node's label, or the field
							 */
							key: string;
							/**
							 * How it relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
							/**
							 * Values; none for Exists and DoesNotExist
							 */
							values?: string[];
						}[];
						/**
						 * What must be true of the node's fields
						 */
						matchFields?: {
							/**
							 * Key of the node's label, or the field
							 */
							key: string;
							/**
							 * How it relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
							/**
							 * Values; none for Exists and DoesNotExist
							 */
							values?: string[];
						}[];
					};
				}[];
			};
			/**
			 * Near which pods
			 */
			podAffinity?: {
				/**
				 * What must be true of the pods that run in the same place
				 */
				requiredDuringSchedulingIgnoredDuringExecution?: {
					/**
					 * Label of nodes whose value says which of them are one place
					 */
					topologyKey: string;
					/**
					 * Which pods
					 */
					labelSelector?: {
						/**
						 * Labels that must be there, with these values
						 */
						matchLabels?: {
							[k: string]: string;
						};
						/**
						 * What must be true of the labels, each of it
						 */
						matchExpressions?: {
							/**
							 * Key of the label
							 */
							key: string;
							/**
							 * How the label's value relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
							/**
							 * Values, for In and NotIn
							 */
							values?: string[];
						}[];
					};
					/**
					 * Of which namespaces; default: those in namespaces
					 */
					namespaceSelector?: {
						/**
						 * Labels that must be there, with these values
						 */
						matchLabels?: {
							[k: string]: string;
						};
						/**
						 * What must be true of the labels, each of it
						 */
						matchExpressions?: {
							/**
							 * Key of the label
							 */
							key: string;
							/**
							 * How the label's value relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
							/**
							 * Values, for In and NotIn
							 */
							values?: string[];
						}[];
					};
					/**
					 * Of which namespaces; default: this one
					 */
					namespaces?: string[];
					/**
					 * Labels in which the pods must be alike, too
					 */
					matchLabelKeys?: string[];
					/**
					 * Labels in which the pods must differ, too
					 */
					mismatchLabelKeys?: string[];
				}[];
				/**
				 * What should be true of the pods that run in the same place
				 */
				preferredDuringSchedulingIgnoredDuringExecution?: {
					/**
					 * How much it counts among the preferences, 1 to 100
					 */
					weight: number;
					/**
					 * Which pods, and what counts as one place
					 */
					podAffinityTerm: {
						/**
						 * Label of nodes whose value says which of them are one place
						 */
						topologyKey: string;
						/**
						 * Which pods
						 */
						labelSelector?: {
							/**
							 * Labels that must be there, with these values
							 */
							matchLabels?: {
								[k: string]: string;
							};
							/**
							 * What must be true of the labels, each of it
							 */
							matchExpressions?: {
								/**
								 * Key of the label
								 */
								key: string;
								/**
								 * How the label's value relates to the values
								 */
								operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
								/**
								 * Values, for In and NotIn
								 */
								values?: string[];
							}[];
						};
						/**
						 * Of which namespaces; default: those in namespaces
						 */
						namespaceSelector?: {
							/**
							 * Labels that must be there, with these values
							 */
							matchLabels?: {
								[k: string]: string;
							};
							/**
							 * What must be true of the labels, each of it
							 */
							matchExpressions?: {
								/**
								 * Key of the label
								 */
								key: string;
								/**
								 * How the label's value relates to the values
								 */
								operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
								/**
								 * Values, for In and NotIn
								 */
								values?: string[];
							}[];
						};
						/**
						 * Of which namespaces; default: this one
						 */
						namespaces?: string[];
						/**
						 * Labels in which the pods must be alike, too
						 */
						matchLabelKeys?: string[];
						/**
						 * Labels in which the pods must differ, too
						 */
						mismatchLabelKeys?: string[];
					};
				}[];
			};
			/**
			 * Away from which pods
			 */
			podAntiAffinity?: {
				/**
				 * What must be true of the pods that run in the same place
				 */
				requiredDuringSchedulingIgnoredDuringExecution?: {
					/**
					 * Label of nodes whose value says which of them are one place
					 */
					topologyKey: string;
					/**
					 * Which pods
					 */
					labelSelector?: {
						/**
						 * Labels that must be there, with these values
						 */
						matchLabels?: {
							[k: string]: string;
						};
						/**
						 * What must be true of the labels, each of it
						 */
						matchExpressions?: {
							/**
							 * Key of the label
							 */
							key: string;
							/**
							 * How the label's value relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
							/**
							 * Values, for In and NotIn
							 */
							values?: string[];
						}[];
					};
					/**
					 * Of which namespaces; default: those in namespaces
					 */
					namespaceSelector?: {
						/**
						 * Labels that must be there, with these values
						 */
						matchLabels?: {
							[k: string]: string;
						};
						/**
						 * What must be true of the labels, each of it
						 */
						matchExpressions?: {
							/**
							 * Key of the label
							 */
							key: string;
							/**
							 * How the label's value relates to the values
							 */
							operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
							/**
							 * Values, for In and NotIn
							 */
							values?: string[];
						}[];
					};
					/**
					 * Of which namespaces; default: this one
					 */
					namespaces?: string[];
					/**
					 * Labels in which the pods must be alike, too
					 */
					matchLabelKeys?: string[];
					/**
					 * Labels in which the pods must differ, too
					 */
					mismatchLabelKeys?: string[];
				}[];
				/**
				 * What should be true of the pods that run in the same place
				 */
				preferredDuringSchedulingIgnoredDuringExecution?: {
					/**
					 * How much it counts among the preferences, 1 to 100
					 */
					weight: number;
					/**
					 * Which pods, and what counts as one place
					 */
					podAffinityTerm: {
						/**
						 * Label of nodes whose value says which of them are one place
						 */
						topologyKey: string;
						/**
						 * Which pods
						 */
						labelSelector?: {
							/**
							 * Labels that must be there, with these values
							 */
							matchLabels?: {
								[k: string]: string;
							};
							/**
							 * What must be true of the labels, each of it
							 */
							matchExpressions?: {
								/**
								 * Key of the label
								 */
								key: string;
								/**
								 * How the label's value relates to the values
								 */
								operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
								/**
								 * Values, for In and NotIn
								 */
								values?: string[];
							}[];
						};
						/**
						 * Of which namespaces; default: those in namespaces
						 */
						namespaceSelector?: {
							/**
							 * Labels that must be there, with these values
							 */
							matchLabels?: {
								[k: string]: string;
							};
							/**
							 * What must be true of the labels, each of it
							 */
							matchExpressions?: {
								/**
								 * Key of the label
								 */
								key: string;
								/**
								 * How the label's value relates to the values
								 */
								operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
								/**
								 * Values, for In and NotIn
								 */
								values?: string[];
							}[];
						};
						/**
						 * Of which namespaces; default: this one
						 */
						namespaces?: string[];
						/**
						 * Labels in which the pods must be alike, too
						 */
						matchLabelKeys?: string[];
						/**
						 * Labels in which the pods must differ, too
						 */
						mismatchLabelKeys?: string[];
					};
				}[];
			};
		};
		/**
		 * How pods are spread; default: evenly over zones and nodes. In a cluster; standalone mode has no pods
		 */
		topologySpreadConstraints?: {
			/**
			 * By how many pods two places may differ
			 */
			maxSkew: number;
			/**
			 * Label of nodes whose value says which of them are one place
			 */
			topologyKey: string;
			/**
			 * What to do where it cannot be kept
			 */
			whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway";
			/**
			 * Which pods count; default: those of this Registry
			 */
			labelSelector?: {
				/**
				 * Labels that must be there, with these values
				 */
				matchLabels?: {
					[k: string]: string;
				};
				/**
				 * What must be true of the labels, each of it
				 */
				matchExpressions?: {
					/**
					 * Key of the label
					 */
					key: string;
					/**
					 * How the label's value relates to the values
					 */
					operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
					/**
					 * Values, for In and NotIn
					 */
					values?: string[];
				}[];
			};
			/**
			 * How many places there must be
			 */
			minDomains?: number;
			/**
			 * Labels in which pods must be alike to count
			 */
			matchLabelKeys?: string[];
			/**
			 * Whether excluded nodes count
			 */
			nodeAffinityPolicy?: "Honor" | "Ignore";
			/**
			 * Whether tainted nodes count
			 */
			nodeTaintsPolicy?: "Honor" | "Ignore";
		}[];
		/**
		 * PriorityClass of the pods. In a cluster; standalone mode has no pods
		 */
		priorityClassName?: string;
		/**
		 * Where blobs are kept; default: files
		 */
		storage?: {
			/**
			 * Files on a volume, or in standalone mode in its data directory
			 */
			filesystem?: {
				/**
				 * Size of the volume; it can grow. In a cluster; standalone mode uses a directory
				 */
				size?: number | string;
				/**
				 * StorageClass of the volume; cannot be changed; default: that of the cluster. In a cluster
				 */
				storageClassName?: string;
			};
			/**
			 * A bucket of Amazon S3, or of a service that is compatible
			 */
			s3?: {
				/**
				 * Name of the bucket, which must exist; cannot be changed
				 */
				bucket: string;
				/**
				 * The bucket's region; cannot be changed
				 */
				region?: string;
				/**
				 * Where the service is; cannot be changed; default: that of AWS for the region
				 */
				endpoint?: string;
				/**
				 * Put before every key; cannot be changed
				 */
				prefix?: string;
				/**
				 * Whether the bucket stands in the path of URLs, not in the host name
				 */
				pathStyle?: boolean;
				/**
				 * Secret with the entries accessKeyId, secretAccessKey and, for temporary keys, sessionToken; default: what the process finds (web identity, role, environment)
				 */
				credentialsSecretRef?: {
					/**
					 * Name of a Secret in the same namespace
					 */
					name: string;
				};
				/**
				 * Authorities that are trusted in place of the system's
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
				 * Whether clients are sent to presigned URLs for blobs
				 */
				redirect?: boolean;
			};
			/**
			 * A bucket of Google Cloud Storage
			 */
			gcs?: {
				/**
				 * Name of the bucket, which must exist; cannot be changed
				 */
				bucket: string;
				/**
				 * Put before every key; cannot be changed
				 */
				prefix?: string;
				/**
				 * Where the service is; cannot be changed; default: Google's
				 */
				apiEndpoint?: string;
				/**
				 * JSON key file; default: the application default credentials that the process finds
				 */
				credentialsSecretRef?: {
					/**
					 * Name of a Secret in the same namespace
					 */
					name: string;
					/**
					 * Which entry of the Secret
					 */
					key: string;
				};
				/**
				 * Whether clients are sent to presigned URLs for blobs
				 */
				redirect?: boolean;
			};
			/**
			 * A container of Azure Blob Storage
			 */
			azure?: {
				/**
				 * Name of the container, which must exist; cannot be changed
				 */
				container: string;
				/**
				 * Put before every key; cannot be changed
				 */
				prefix?: string;
				/**
				 * Where the service is; cannot be changed; default: that of the account
				 */
				endpoint?: string;
				/**
				 * The storage account; cannot be changed
				 */
				accountName?: string;
				/**
				 * One of the account's keys
				 */
				accountKeySecretRef?: {
					/**
					 * Name of a Secret in the same namespace
					 */
					name: string;
					/**
					 * Which entry of the Secret
					 */
					key: string;
				};
				/**
				 * The connection string as the portal shows it, in place of name, key and endpoint
				 */
				connectionStringSecretRef?: {
					/**
					 * Name of a Secret in the same namespace
					 */
					name: string;
					/**
					 * Which entry of the Secret
					 */
					key: string;
				};
				/**
				 * Whether clients are sent to presigned URLs for blobs
				 */
				redirect?: boolean;
			};
		};
		/**
		 * Where metadata is kept; default: embedded
		 */
		database?: {
			/**
			 * SQLite on the volume of the one replica
			 */
			embedded?: {};
			/**
			 * A database of PostgreSQL, which several replicas may share
			 */
			postgres?: {
				/**
				 * The URL, such as postgres://USER:PASSWORD@HOST:PORT/DATABASE
				 */
				urlSecretRef: {
					/**
					 * Name of a Secret in the same namespace
					 */
					name: string;
					/**
					 * Which entry of the Secret
					 */
					key: string;
				};
				/**
				 * Authorities that are trusted in place of the system's
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
				 * Connections of each process
				 */
				maxConnections?: number;
			};
		};
		/**
		 * How clients reach it
		 */
		exposure?: {
			/**
			 * The address that clients use; default: that of the Ingress, the Service or the listener
			 */
			externalUrl?: string;
			/**
			 * The Service in front of the pods. In a cluster
			 */
			service?: {
				/**
				 * Type of the Service
				 */
				type?: "ClusterIP" | "NodePort" | "LoadBalancer";
				/**
				 * Annotations of the Service
				 */
				annotations?: {
					[k: string]: string;
				};
				/**
				 * Port of the Service; default: 443 with tls, else 80
				 */
				port?: number;
			};
			/**
			 * An Ingress in front of the Service; default: none. In a cluster
			 */
			ingress?: {
				/**
				 * IngressClass; default: that of the cluster
				 */
				className?: string;
				/**
				 * Host name that clients use
				 */
				host: string;
				/**
				 * Annotations of the Ingress
				 */
				annotations?: {
					[k: string]: string;
				};
				/**
				 * Secret with the certificate; default: no TLS at the Ingress
				 */
				tlsSecretName?: string;
			};
			/**
			 * TLS in the registry itself; default: none
			 */
			tls?: {
				/**
				 * Secret of type kubernetes.io/tls with the certificate
				 */
				secretName: string;
			};
		};
		/**
		 * Who may log in, and how
		 */
		auth?: {
			/**
			 * Users that the registry itself knows
			 */
			users?: {
				/**
				 * What the user logs in with
				 */
				name: string;
				/**
				 * The password
				 */
				passwordSecretRef: {
					/**
					 * Name of a Secret in the same namespace
					 */
					name: string;
					/**
					 * Which entry of the Secret
					 */
					key: string;
				};
				/**
				 * Whether everything is allowed, in every project
				 */
				admin?: boolean;
				/**
				 * Whether the user may not log in
				 */
				disabled?: boolean;
			}[];
			/**
			 * Whether Public projects may be pulled from without credentials
			 */
			anonymousPull?: boolean;
			/**
			 * Whether Basic credentials are accepted where a token is
			 */
			basic?: boolean;
			/**
			 * How long a token lives, and so how soon what was taken away from somebody has an effect; 1m or more
			 */
			tokenLifetime?: string;
			/**
			 * How long a client can get tokens without the password; 1m or more
			 */
			refreshTokenLifetime?: string;
		};
		/**
		 * Whose Projects and RobotAccounts may name this Registry, beside those of its own namespace
		 */
		allowedNamespaces?: {
			/**
			 * Names of namespaces
			 */
			names?: string[];
			/**
			 * Namespaces by their labels, too; empty: all
			 */
			selector?: {
				/**
				 * Labels that must be there, with these values
				 */
				matchLabels?: {
					[k: string]: string;
				};
				/**
				 * What must be true of the labels, each of it
				 */
				matchExpressions?: {
					/**
					 * Key of the label
					 */
					key: string;
					/**
					 * How the label's value relates to the values
					 */
					operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
					/**
					 * Values, for In and NotIn
					 */
					values?: string[];
				}[];
			};
		};
		/**
		 * What becomes of blobs and metadata when the resource is deleted: they stay, or they go
		 */
		deletionPolicy?: "Retain" | "Delete";
		/**
		 * Whether to leave the registry as it is, whatever is changed here
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
		 * Where clients reach it
		 */
		url?: string;
		/**
		 * Release that serves
		 */
		version?: string;
		/**
		 * Processes there are
		 */
		replicas?: number;
		/**
		 * Processes that serve
		 */
		readyReplicas?: number;
		/**
		 * Which pods are its own, as a label selector
		 */
		selector?: string;
		/**
		 * What it holds, at most a few minutes ago
		 */
		usage?: {
			/**
			 * Bytes of the blobs and manifests of all projects
			 */
			logicalBytes: number;
			/**
			 * Projects
			 */
			projects: number;
			/**
			 * Repositories
			 */
			repositories: number;
			/**
			 * Manifests, those in indexes too
			 */
			artifacts: number;
		};
	};
}
