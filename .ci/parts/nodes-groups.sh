# shellcheck shell=bash
# Control groups for nodes; sourced, never run.

# make_groups NAME COUNT: one for all, and in it one for each node and one for the rest.
make_groups() {
  local groups=$1 count=$2 hierarchy group
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    case $(stat -f -c %T "$hierarchy") in
      cgroup2fs)
        [ "$hierarchy" = /sys/fs/cgroup ] || continue
        echo '+cpu +memory +pids +cpuset' >"$hierarchy/cgroup.subtree_control" || return
        mkdir "$hierarchy/$groups"
        echo '+cpu +memory +pids +cpuset' >"$hierarchy/$groups/cgroup.subtree_control" || return
        ;;
      cgroupfs) mkdir -p "$hierarchy/$groups" || return ;;
      *) continue ;;
    esac
    mkdir "$hierarchy/$groups/plane" || return
    for ((group = 1; group <= count; group++)); do mkdir "$hierarchy/$groups/node$group" || return; done
  done
  [ -n "$(find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -name "$groups" -print -quit)" ]
}

# remove_groups NAME: false when processes are still there.
remove_groups() {
  local group
  for group in /sys/fs/cgroup{,/*}/"$1"; do
    if [ -d "$group" ]; then find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi
    if [ -d "$group" ]; then return 1; fi
  done
}
