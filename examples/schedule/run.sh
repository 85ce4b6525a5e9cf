#!/bin/sh
# One run of a schedule: land what is in the inbox, build, publish. It prints what somebody should
# read and nothing else, so that cron sends no mail of a quiet run.
#
#   CX_BILLING_HOME=/var/lib/cx-billing INBOX=/srv/cx-billing/inbox run.sh
#
# AS_OF is the day as of which is built: today by default, `tomorrow` to watch the day that runs.
# CX_BILLING is the program, where it is not on the PATH. It ends with
#
#   0  published
#   1  nothing was published: a build or a test failed, or another build was running
#   2  published, but files were refused (or nothing could be landed at all)
#   3  published, but organizations are parked
set -u
: "${CX_BILLING_HOME:?is the home}" "${INBOX:?is where the files arrive}"
export CX_BILLING_HOME
program=${CX_BILLING:-cx-billing}

said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT

"$program" land "$INBOX" >"$said" 2>&1
landed=$?
case $landed in
0) ;;
2) cat "$said" ;; # the rest was landed, and is worth a build
*)
  cat "$said"
  exit 1
  ;;
esac

"$program" build --as-of "${AS_OF:-today}" >"$said" 2>&1
built=$?
case $built in
0) grep '^Alert: ' "$said" ;; # each is told once
3) cat "$said" ;;             # with its alerts
*)
  cat "$said"
  exit 1
  ;;
esac

if [ "$built" -ne 0 ]; then exit "$built"; fi
exit "$landed"
