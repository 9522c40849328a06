#!/bin/sh
# Installs what a bare Debian machine lacks for the suite: Java and Maven (Kafka), Chromium (pages), an SSH agent (the
# witness of another project keeps its key there).
# Does nothing when they are there; says what is missing when it may not install. Further packages by argument.
set -eu

# Chromium's headless shell draws pages with the same engine for half of the time: wished for, not needed
shell() {
    [ "$(id -u)" = 0 ] || return 1
    set -- apt-get install -y -qq --no-install-recommends chromium-headless-shell
    "$@" >/dev/null 2>&1 || { apt-get update -qq && "$@"; } >/dev/null 2>&1
}

need="${*:+ $*}"
command -v java >/dev/null 2>&1 || need="$need openjdk-17-jre-headless"
command -v mvn >/dev/null 2>&1 || need="$need maven"
command -v chromium-headless-shell >/dev/null 2>&1 || shell || command -v chromium >/dev/null 2>&1 || need="$need chromium"
command -v ssh-agent >/dev/null 2>&1 || need="$need openssh-client"
[ -n "$need" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "missing:$need; install with: sudo apt-get install$need" >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
fi
echo "installing:$need" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $need >/dev/null
