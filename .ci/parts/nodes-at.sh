#!/usr/bin/env bash
# nodes-at.sh DIR NODE COMMAND...: inside of the namespaces of nodes-up, runs a command on a node.
exec nsenter --target "$(cat "$1/$2/place.pid")" --mount --net -- "${@:3}"
