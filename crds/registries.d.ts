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
		 * Lets load say how many processes serve: replicas is written by it then, and is best left out. Needs a metrics server. In a cluster
		 */
		autoscaling?: {
			/**
			 * How many there are at least
			 */
			minReplicas?: number;
			/**
			 * How many there are at most
			 */
			maxReplicas: number;
			/**
			 * How busy they shall be on average, in percent of the CPU time that resources.requests gives them
			 */
			targetCPUUtilization?: number;
		};
		/**
		 * Image of the pods; default: that of the operator. In a cluster; standalone mode has no pods
		 */
		image?: string;
		/**
		 * Secrets of the same namespace that the image is pulled with; default: none. In a cluster; standalone mode has no pods
		 */
		imagePullSecrets?: {
			/**
			 * Name of a Secret in the same namespace
			 */
			name: string;
		}[];
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
			 * Whether the taint's value matters; default: Equal
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
		 * Where its storage and its database go while it is used, both at once or one after the other; what has begun can only come to its end. Default: they stay where they are
		 */
		migration?: {
			/**
			 * Where the blobs go that are in files; what is pushed from now on goes there at once. An empty bucket, container or prefix
			 */
			storage?: {
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
			 * Where the metadata goes that is in the embedded database, all of it in one moment
			 */
			database?: {
				/**
				 * A database of PostgreSQL that is empty, and of its own; which entry of which Secret says where it is cannot be changed. One that CloudNativePG made is named so too, by the Secret NAME-app
				 */
				postgres: {
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
		};
		/**
		 * More places where blobs are kept, each for the Projects that name it, with keys of its own. One that is used cannot be taken away
		 */
		storageClasses?: {
			/**
			 * What Projects call it, by spec.storageClassName
			 */
			name: string;
			/**
			 * Namespaces whose Projects may use it; default: all that may name the Registry
			 */
			namespaces?: string[];
			/**
			 * Files on a volume of their own, the PersistentVolumeClaim REGISTRY-class-NAME; in standalone mode in a directory of their own. For one replica
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
		}[];
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
			/**
			 * A database of PostgreSQL that is made for this Registry, as a Cluster of CloudNativePG, whose operator has to be installed. In a cluster
			 */
			cloudNativePG?: {
				/**
				 * Instances of PostgreSQL, one of which is the primary; from 3 on no failover loses what was answered
				 */
				instances?: number;
				/**
				 * The volume of each instance
				 */
				storage?: {
					/**
					 * Size of the volume of each instance; it can grow
					 */
					size?: number | string;
					/**
					 * StorageClass of the volumes; cannot be changed; default: that of the cluster
					 */
					storageClassName?: string;
				};
				/**
				 * Image of PostgreSQL; default: that of CloudNativePG
				 */
				imageName?: string;
				/**
				 * What a pod of PostgreSQL needs and may use
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
				 * Connections of each process of the registry
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
			 * Accept tokens of this cluster's service accounts, for RobotAccounts that trust them; default: none
			 */
			serviceAccountTokens?: {
				/**
				 * Audiences of which a token must have one; default: the host of the Registry, as in names of images
				 */
				audiences?: string[];
			};
			/**
			 * Others whose tokens RobotAccounts may trust, such as those of a CI system or of another cluster
			 */
			issuers?: {
				/**
				 * The iss of its tokens, to the letter
				 */
				url: string;
				/**
				 * Audiences of which a token must have one; default: the host of the Registry, as in names of images
				 */
				audiences?: string[];
				/**
				 * Where its keys are; default: where its discovery document says, below url. egress.allow applies
				 */
				jwksUrl?: string;
				/**
				 * Its keys, as a JWK set in JSON: for an issuer that cannot be reached
				 */
				jwks?: string;
				/**
				 * Authorities to trust there, beside the system's
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
			}[];
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
		 * Whose Projects, RobotAccounts and policies may name this Registry, beside those of its own namespace
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
		 * What its policies may connect to, which tenants write
		 */
		egress?: {
			/**
			 * Networks of loopback, link-local, metadata and other special addresses that policies may reach all the same; public and private ones need none
			 */
			allow?: string[];
		};
		/**
		 * Where its backups go; default: there are none
		 */
		backup?: {
			/**
			 * The place: of its own, and of this one registry alone. Another place begins without backups
			 */
			archive: {
				/**
				 * Files on a volume of their own, the PersistentVolumeClaim NAME-backup, which stays when the Registry goes; in standalone mode a directory of that name. For one replica
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
					 * Name of the bucket, which must exist
					 */
					bucket: string;
					/**
					 * The bucket's region
					 */
					region?: string;
					/**
					 * Where the service is; default: that of AWS for the region
					 */
					endpoint?: string;
					/**
					 * Put before every key
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
				};
				/**
				 * A bucket of Google Cloud Storage
				 */
				gcs?: {
					/**
					 * Name of the bucket, which must exist
					 */
					bucket: string;
					/**
					 * Put before every key
					 */
					prefix?: string;
					/**
					 * Where the service is; default: Google's
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
				};
				/**
				 * A container of Azure Blob Storage
				 */
				azure?: {
					/**
					 * Name of the container, which must exist
					 */
					container: string;
					/**
					 * Put before every key
					 */
					prefix?: string;
					/**
					 * Where the service is; default: that of the account
					 */
					endpoint?: string;
					/**
					 * The storage account
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
				};
			};
			/**
			 * 32 random bytes that seal what is in the archive, which is worthless without them; default: it is not sealed
			 */
			encryptionKeySecretRef?: {
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
			 * From now back to where every instant can be restored: backups that it does not need go
			 */
			recoveryWindow?: string;
			/**
			 * How often what changed goes into the archive: what is lost with the registry at most; 1s or more
			 */
			journalInterval?: string;
			/**
			 * Blobs of a hundred whose digest each backup compares again in the archive, others each time
			 */
			verifyPercent?: number;
		};
		/**
		 * What it begins with, holding nothing yet; cannot be changed; default: with nothing
		 */
		bootstrap?: {
			/**
			 * What an archive of backups has of a registry
			 */
			recovery: {
				/**
				 * A Backup of this namespace whose Registry still says where its archive is; in place of archive
				 */
				backupRef?: {
					/**
					 * Name of the Backup
					 */
					name: string;
				};
				/**
				 * Where backups of a registry are, whether or not that still exists
				 */
				archive?: {
					/**
					 * Files on a volume that is there; in standalone mode a directory of that name
					 */
					filesystem?: {
						/**
						 * A PersistentVolumeClaim of this namespace: that of a Registry is NAME-backup
						 */
						claimName: string;
					};
					/**
					 * A bucket of Amazon S3, or of a service that is compatible
					 */
					s3?: {
						/**
						 * Name of the bucket, which must exist
						 */
						bucket: string;
						/**
						 * The bucket's region
						 */
						region?: string;
						/**
						 * Where the service is; default: that of AWS for the region
						 */
						endpoint?: string;
						/**
						 * Put before every key
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
					};
					/**
					 * A bucket of Google Cloud Storage
					 */
					gcs?: {
						/**
						 * Name of the bucket, which must exist
						 */
						bucket: string;
						/**
						 * Put before every key
						 */
						prefix?: string;
						/**
						 * Where the service is; default: Google's
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
					};
					/**
					 * A container of Azure Blob Storage
					 */
					azure?: {
						/**
						 * Name of the container, which must exist
						 */
						container: string;
						/**
						 * Put before every key
						 */
						prefix?: string;
						/**
						 * Where the service is; default: that of the account
						 */
						endpoint?: string;
						/**
						 * The storage account
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
					};
				};
				/**
				 * The key that the archive was sealed with; default: it is not sealed
				 */
				encryptionKeySecretRef?: {
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
				 * The id of the backup in the archive that is restored; default: the last change that it has
				 */
				backup?: string;
				/**
				 * The instant to restore, since the first backup in the archive; default: that of the backup
				 */
				to?: string;
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
		/**
		 * How its stores of blobs stand
		 */
		storageClasses?: {
			/**
			 * Name of the class; default is spec.storage
			 */
			name: string;
			/**
			 * Whether it answers
			 */
			available: boolean;
			/**
			 * Whether projects or what they pushed are in it: then it cannot be taken away
			 */
			inUse: boolean;
		}[];
		/**
		 * How far spec.migration is; only there with it
		 */
		migration?: {
			/**
			 * Of spec.migration.storage
			 */
			storage?: {
				/**
				 * Completed: the target has all there is, and is to be named in spec.storage, in place of the files and of spec.migration.storage
				 */
				stage: "Pending" | "Copying" | "Completed";
				/**
				 * Objects that are in the target
				 */
				objects: number;
				/**
				 * Objects there are
				 */
				totalObjects: number;
				/**
				 * Bytes of those in the target
				 */
				bytes: number;
				/**
				 * Bytes of all of them
				 */
				totalBytes: number;
			};
			/**
			 * Of spec.migration.database
			 */
			database?: {
				/**
				 * Pending: it waits, and everything is where it was. Completed: all is read and written in the target, which is to be named in spec.database, in place of embedded and of spec.migration.database
				 */
				stage: "Pending" | "Copying" | "Completed";
				/**
				 * Rows that went over
				 */
				rows?: number;
				/**
				 * Rows there are
				 */
				totalRows?: number;
			};
		};
		/**
		 * What the collection of unused content did, at most a few minutes ago
		 */
		collection?: {
			/**
			 * Blobs that nobody used and that were taken away, since the registry is there
			 */
			reclaimedObjects: number;
			/**
			 * Bytes that they had
			 */
			reclaimedBytes: number;
			/**
			 * When one was taken away last
			 */
			lastReclaimTime?: string;
			/**
			 * Links and blobs, used ones too, that are looked at when their delay is over; counted to a few thousand
			 */
			reviews: number;
			/**
			 * Blobs that nothing uses and that go after their delay: at least so many
			 */
			waitingObjects: number;
			/**
			 * Bytes that they have
			 */
			waitingBytes: number;
		};
		/**
		 * From here on every instant can be had again, by its backups and the journal in their archive
		 */
		firstRecoverabilityPoint?: string;
		/**
		 * When the last backup came to its end that is whole
		 */
		lastSuccessfulBackup?: string;
		/**
		 * When what spec.bootstrap.recovery asks for was there: nothing of what it names is needed any more
		 */
		restoredTime?: string;
	};
}
