// What somebody applies to a cluster of nodes to have registries in it.

/** The operator's namespace, and a tenant's. */
export const SYSTEM = "limani-system";
/** See {@link SYSTEM}. */
export const TENANT = "team-a";

/** The volumes that there are, each with its class. */
export const VOLUMES = { one: "by-hand", two: "by-hand", three: "by-hand", apart: "apart" } as const;

/** Two namespaces where no pod may ask for more than it needs, and classes of volumes that somebody makes by hand. */
export const surroundings = (folder: string): string =>
	[
		...[SYSTEM, TENANT].map(
			(name) => `
apiVersion: v1
kind: Namespace
metadata:
  name: ${name}
  labels:
    pod-security.kubernetes.io/enforce: restricted`,
		),
		...[...new Set(Object.values(VOLUMES))].map(
			(name) => `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: ${name}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer`,
		),
		...Object.entries(VOLUMES).map(
			([name, storageClass]) => `
apiVersion: v1
kind: PersistentVolume
metadata:
  name: ${name}
spec:
  storageClassName: ${storageClass}
  persistentVolumeReclaimPolicy: Retain
  capacity:
    storage: 1Gi
  accessModes: [ReadWriteOncePod]
  local:
    path: ${folder}/volumes/${name}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions:
            - {key: kubernetes.io/hostname, operator: In, values: [node1]}`,
		),
	].join("\n---");

/** A Registry with files on a volume, over TLS, a Project in it, and a robot that may do everything there. */
export const ONE_REPLICA = `
apiVersion: limani.dev/v1alpha1
kind: Registry
metadata:
  name: main
  namespace: ${TENANT}
spec:
  storage:
    filesystem:
      storageClassName: by-hand
      size: 1Gi
  exposure:
    tls:
      secretName: main-tls
  resources:
    requests: {cpu: 50m, memory: 128Mi}
    limits: {memory: 512Mi}
${tenancy("main", "web", "ci")}`;

/** A Registry of three replicas, with a Project and a robot. @param endpoint URL of the object store */
export const threeReplicas = (endpoint: string): string => `
apiVersion: limani.dev/v1alpha1
kind: Registry
metadata:
  name: shared
  namespace: ${TENANT}
spec:
  replicas: 3
  storage:
    s3:
      bucket: limani
      endpoint: ${endpoint}
      pathStyle: true
      credentialsSecretRef:
        name: bucket
  database:
    postgres:
      urlSecretRef:
        name: database
        key: url
  resources:
    requests: {cpu: 50m, memory: 128Mi}
    limits: {memory: 512Mi}
${tenancy("shared", "apps", "pusher")}`;

/** A Registry with a class of volumes, and a Project in each place. */
export const REGISTRY_WITH_CLASS = `
apiVersion: limani.dev/v1alpha1
kind: Registry
metadata:
  name: tenants
  namespace: ${TENANT}
spec:
  storage:
    filesystem:
      storageClassName: by-hand
      size: 1Gi
  storageClasses:
    - name: apart
      filesystem:
        storageClassName: apart
        size: 1Gi
  resources:
    requests: {cpu: 50m, memory: 128Mi}
    limits: {memory: 512Mi}
---
apiVersion: limani.dev/v1alpha1
kind: Project
metadata:
  name: vault
  namespace: ${TENANT}
spec:
  registryRef:
    name: tenants
  storageClassName: apart
---
apiVersion: limani.dev/v1alpha1
kind: Project
metadata:
  name: usual
  namespace: ${TENANT}
spec:
  registryRef:
    name: tenants
---
apiVersion: limani.dev/v1alpha1
kind: RobotAccount
metadata:
  name: keeper
  namespace: ${TENANT}
spec:
  registryRef:
    name: tenants
  permissions:
    - project: vault
      actions: [pull, push]
    - project: usual
      actions: [pull, push]
  secret:
    attachTo:
      serviceAccounts: [app]`;

/** A pod that runs an image of a registry once, as the ServiceAccount of that name. */
export const podOf = (name: string, { image, account, node }: PodOpts): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: ${TENANT}
spec:
  serviceAccountName: ${account}
  automountServiceAccountToken: false
  nodeName: ${node}
  restartPolicy: Never
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: app
      image: ${image}
      imagePullPolicy: Always
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop: [ALL]`;

/** What a pod of {@link podOf} runs, as whom and where. */
export interface PodOpts {
	readonly image: string;
	readonly account: string;
	readonly node: string;
}

function tenancy(registry: string, project: string, robot: string): string {
	return `---
apiVersion: limani.dev/v1alpha1
kind: Project
metadata:
  name: ${project}
  namespace: ${TENANT}
spec:
  registryRef:
    name: ${registry}
---
apiVersion: limani.dev/v1alpha1
kind: RobotAccount
metadata:
  name: ${robot}
  namespace: ${TENANT}
spec:
  registryRef:
    name: ${registry}
  permissions:
    - project: ${project}
      actions: [pull, push]`;
}
