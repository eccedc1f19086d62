/** What the guide names. */
export interface GuideFacts {
	/** The release. */
	readonly version: string;
	/** Of the image. */
	readonly digest: string;
}

/** The page in a bundle that says how to install from it; its commands are run as they stand, in the unpacked folder. */
export const formatGuide = ({ version, digest }: GuideFacts): string => `# Limani ${version}, where there is no internet

| | |
|---|---|
| \`image/\` | the image of every role, ${digest}, in the OCI image layout |
| \`charts/\` | the charts \`limani\` and \`limani-crds\` |
| \`crds/\` | the definitions of the custom resources, as they are in both charts |
| \`SHA256SUMS\` | the SHA-256 of every other file here |

Set \`REPOSITORY\` to where the image shall be, in a registry that the cluster's nodes reach:

\`\`\`sh
REPOSITORY=registry.internal.example/limani/limani
\`\`\`

1. See that everything arrived as it was:

   \`\`\`sh
   sha256sum --check --quiet SHA256SUMS
   \`\`\`

2. Push the image, by one of these:

   \`\`\`sh
   skopeo copy --all oci:image:${version} docker://$REPOSITORY:${version}
   crane push image $REPOSITORY:${version}
   oras cp --from-oci-layout image:${version} $REPOSITORY:${version}
   \`\`\`

   With Limani itself it is \`limani bundle push\`, which takes the bundle as it came and checks it first.

3. Install the chart from its folder:

   \`\`\`sh
   helm install limani charts/limani --namespace limani-system --create-namespace \\
     --set image.repository=$REPOSITORY --set image.digest=${digest}
   kubectl rollout status deployment/limani --namespace limani-system
   \`\`\`

The image is named by its digest, so that nothing else can run in its place. \`charts/limani/profiles/air-gapped.yaml\` has
what else such a cluster may need: credentials for the registry, and a network policy that leads nowhere else. Registries
run the same image: \`spec.imagePullSecrets\` of each names credentials in its own namespace.
`;
