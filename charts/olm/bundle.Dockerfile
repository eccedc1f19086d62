# The bundle by which the Operator Lifecycle Manager installs the operator. Built from the root of the repository:
# docker build -f charts/olm/bundle.Dockerfile .
FROM scratch
LABEL operators.operatorframework.io.bundle.mediatype.v1=registry+v1
LABEL operators.operatorframework.io.bundle.manifests.v1=manifests/
LABEL operators.operatorframework.io.bundle.metadata.v1=metadata/
LABEL operators.operatorframework.io.bundle.package.v1=limani
LABEL operators.operatorframework.io.bundle.channels.v1=candidate
LABEL operators.operatorframework.io.bundle.channel.default.v1=candidate
COPY crds/*.yaml charts/olm/manifests/ /manifests/
COPY charts/olm/metadata/ /metadata/
