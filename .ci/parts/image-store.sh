# shellcheck shell=bash
# Where the base images are and what is built on them; sourced after common.sh, never run. A store of its own, so
# that nothing of the machine's own images is touched.

IMAGE_STORE=$LIMANI_PARTS/image

# store ARGUMENT...: buildah with that store. Outside of a container engine's own folders it mounts nothing for longer
# than a command takes.
store() { buildah --root "$IMAGE_STORE/storage" --runroot "$IMAGE_STORE/run" --storage-driver overlay "$@" </dev/null; }

has_image() { store inspect --type image "localhost/$1" >/dev/null 2>&1; }
