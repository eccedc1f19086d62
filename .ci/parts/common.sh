# shellcheck shell=bash
# Shared by the scripts of this folder; sourced, never run. Messages go to standard error, results
# (NAME=path lines, safe to eval) to standard output.

LIMANI_PARTS=${LIMANI_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/limani-parts}
PARTS_BIN=$LIMANI_PARTS/bin
mkdir -p "$PARTS_BIN" "$LIMANI_PARTS/stamps"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# found NAME PATH: prints one result line, after looking that the file is really there.
found() {
  [ -e "$2" ] || die "$1 should be at $2 and is not"
  printf '%s=%q\n' "$1" "$2"
}

# one_at_a_time: two runs of the same script wait for each other instead of building twice.
one_at_a_time() {
  exec 9>"$LIMANI_PARTS/.${0##*/}.lock"
  flock 9
}

# stamped NAME WHAT: true when NAME was installed here as exactly WHAT (a module and version, say).
stamped() { [ "$(cat "$LIMANI_PARTS/stamps/$1" 2>/dev/null || true)" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$LIMANI_PARTS/stamps/$1"; }

require_root() { [ "$(id -u)" = 0 ] || die "needs root for apt-get: $*"; }

has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

# apt_get ARGUMENT...: apt-get without questions, silent unless it fails; waits for another run's lock.
apt_get() {
  local log status=0
  log=$(mktemp "$LIMANI_PARTS/.apt.XXXXXX")
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1 || status=$?
  if [ "$status" != 0 ]; then cat "$log" >&2; fi
  rm -f "$log"
  return "$status"
}

apt_lists() { compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt_get update; }

# Tests start their own servers on their own ports, so the services that packages bring stay down.
# An existing policy of the machine is left as it is.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then "$@"; return; fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  "$@" || status=$?
  rm -f "$policy"
  return "$status"
}

# apt_install PACKAGE...: installs what is missing from the machine's own Debian sources.
apt_install() {
  local package missing=()
  for package in "$@"; do
    has_package "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then say "already there: $*"; return; fi
  require_root "${missing[*]}"
  apt_lists
  exec 8>"$LIMANI_PARTS/.apt.lock"
  flock 8
  without_services apt_get install -y --no-install-recommends "${missing[@]}" ||
    { apt_get update && without_services apt_get install -y --no-install-recommends "${missing[@]}"; } ||
    die "apt could not install: ${missing[*]}"
  exec 8>&-
  say "installed: ${missing[*]}"
}

# apt_of SUITE ARGUMENT...: apt-get that knows that suite alone and touches nothing of the system's
# apt. The archive's address is that of the machine's own Debian release, whatever mirror it names.
apt_of() {
  local suite=$1 root uri codename
  shift
  root=$LIMANI_PARTS/apt/$suite
  mkdir -p "$root/lists/partial" "$root/cache/archives/partial" "$root/sources"
  if [ ! -s "$root/sources/$suite.list" ]; then
    apt_lists
    codename=$(. /etc/os-release && printf %s "$VERSION_CODENAME")
    # shellcheck disable=SC2016 # apt-get expands these
    uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
      awk -v release="$codename" '$1 == release { print $2; exit }')
    [ -n "$uri" ] || die "no Debian source for $codename found in the machine's apt configuration"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$uri" "$suite" \
      >"$root/sources/$suite.list"
  fi
  apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$root/sources" \
    -o Dir::State::Lists="$root/lists" -o Dir::Cache="$root/cache" \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o APT::Sandbox::User=root "$@" </dev/null >&2
}

# unpack_deb SUITE PACKAGE DIR: unpacks a package under DIR without installing it, so no service, no
# user and no configuration of the machine comes from it. An empty SUITE is the machine's own release.
unpack_deb() {
  local suite=$1 package=$2 dir=$3 work
  work=$(mktemp -d "$LIMANI_PARTS/.deb.XXXXXX")
  if [ -n "$suite" ]; then
    (cd "$work" && apt_of "$suite" download "$package" 2>/dev/null) ||
      { apt_of "$suite" update && (cd "$work" && apt_of "$suite" download "$package"); } ||
      { rm -rf "$work"; die "apt could not download $package of $suite"; }
  else
    apt_lists
    (cd "$work" && apt_get -o APT::Sandbox::User=root download "$package") ||
      { rm -rf "$work"; die "apt could not download $package"; }
  fi
  rm -rf "$dir" && mkdir -p "$dir" && dpkg -x "$work"/*.deb "$dir"
  dpkg-deb -f "$work"/*.deb Version
  rm -rf "$work"
}

# deb_program NAME SUITE PACKAGE PROGRAM [ARGUMENT...]: PARTS_BIN/NAME from a package of that suite, kept
# only if it runs here with these arguments: a newer suite may need a newer C library.
deb_program() {
  local name=$1 suite=$2 package=$3 program=$4 dir version
  shift 4
  if stamped "$name" "$suite $package" && [ -x "$PARTS_BIN/$name" ]; then say "already there: $name"; return; fi
  if stamped "$name.unfit" "$suite $package"; then return 1; fi
  dir=$LIMANI_PARTS/debs/$name
  version=$(unpack_deb "$suite" "$package" "$dir")
  if ! "$dir/$program" "$@" >/dev/null 2>&1; then
    say "$package $version of ${suite:-this release} does not run on this machine"
    stamp "$name.unfit" "$suite $package"
    return 1
  fi
  ln -sfn "$dir/$program" "$PARTS_BIN/$name"
  stamp "$name" "$suite $package"
  say "$name: $package $version"
}

# go_module DIR MODULE VERSION: a throw-away module that requires exactly that version. Unlike
# `go install`, it asks the module proxy for nothing but the versions named.
go_module() {
  command -v go >/dev/null || die "needs Go 1.26 or newer in PATH"
  printf 'module limani.dev/parts\n\ngo 1.26\n\nrequire %s %s\n' "$2" "$3" >"$1/go.mod"
}

# go_program NAME MODULE VERSION PACKAGE [BUILD ARGUMENT...]: builds PARTS_BIN/NAME with the machine's Go.
go_program() {
  local name=$1 module=$2 version=$3 package=$4 work
  shift 4
  if stamped "$name" "$package@$version" && [ -x "$PARTS_BIN/$name" ]; then say "already there: $name $version"; return; fi
  work=$(mktemp -d "$LIMANI_PARTS/.go.XXXXXX")
  go_module "$work" "$module" "$version"
  if ! (cd "$work" && CGO_ENABLED=0 go build -mod=mod -p 2 -trimpath "$@" -o "$work/out" "$package") >&2; then
    rm -rf "$work"
    say "could not build $package@$version"
    return 1
  fi
  mv "$work/out" "$PARTS_BIN/$name"
  rm -rf "$work"
  stamp "$name" "$package@$version"
  say "$name: built $package@$version"
}

# postgres_bin: the program folder of the newest PostgreSQL here that has a server, or nothing.
postgres_bin() {
  local bin
  for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5 -rn); do
    if [ -x "$bin/initdb" ] && [ -x "$bin/pg_ctl" ] && [ "$(basename "$(dirname "$bin")")" -ge 15 ]; then
      printf '%s\n' "$bin"
      return
    fi
  done
}
