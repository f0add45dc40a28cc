#!/usr/bin/env bash
# Installs the assistant. Asks nothing; run it again after an interruption: it goes on from there.
#
#   ./setup.sh try                             run it from this folder, and let it answer one spoken question
#   sudo ./setup.sh install                    make this a device that answers from the moment it is switched on
#   sudo ./setup.sh upgrade                    the same with a newer version; the old one runs again if it does not start
#   sudo ./setup.sh uninstall [--purge]        remove it; with --purge settings, timers, memory and models too
#
#   --dry-run        say what would be changed, and change nothing
#   --offline DIR    take everything from a folder that scripts/bundle has made, and nothing from the network
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
# shellcheck source=scripts/steps.sh
. scripts/steps.sh
# shellcheck source=scripts/release.sh
. scripts/release.sh
# shellcheck source=scripts/service.sh
. scripts/service.sh
# shellcheck source=scripts/appliance.sh
. scripts/appliance.sh
# shellcheck source=scripts/tryout.sh
. scripts/tryout.sh

usage() { # WHAT IS WRONG
    [ -z "$1" ] || say "setup.sh: $1" >&2
    sed -n '2,/^set/s/^# \{0,1\}//p' setup.sh >&2
    exit 2
}

command=${1-} purge='' from=''
case $command in
install | upgrade | uninstall | try) shift ;;
"") usage "" ;;
*) usage "there is no command $command" ;;
esac
while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry_run=yes ;;
    --purge)
        [ "$command" = uninstall ] || usage "--purge belongs to uninstall"
        purge=yes
        ;;
    --offline)
        [ "$command" != uninstall ] || usage "--offline does not belong to uninstall"
        [ -n "${2-}" ] || usage "--offline needs the folder that scripts/bundle has made"
        from=$2
        shift
        ;;
    *) usage "there is no option $1" ;;
    esac
    shift
done

[ -z "$dry_run" ] || say "This would be changed:"
if [ "$command" = try ]; then
    [ -z "$from" ] || use_bundle "$from"
    try_it
    exit
fi
need_root "$command"
alone
umask 022
export XDG_CACHE_HOME=$root/var/cache # build-llama keeps its wheel in $cache/llama
[ -z "$from" ] || use_bundle "$from"
case $command in
install) install_it ;;
upgrade) upgrade_it ;;
uninstall) uninstall_it "$purge" ;;
esac
