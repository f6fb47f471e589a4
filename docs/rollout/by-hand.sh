#!/usr/bin/env bash
# Without Kubernetes: asks what to do, and calls your own command with the candidate's share of the traffic in percent.
#
#   docs/rollout/by-hand.sh ./set-share        # for instance a script that writes a feature flag, or a weight in a proxy's configuration
#
# Run it beside the plan, with a roll-out begun. It ends with 0 when all traffic is the candidate's, and with 1 when it was rolled back.
set -u
share=$1
every=${EVERY:-60} # seconds

percent() { ragguard canary status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["percent"])'; }

"$share" "$(percent)"
while true; do
  sleep "$every"
  ragguard canary decide
  case $? in
    0 | 1) # on, or back: the share is another
      now=$(percent) || continue
      "$share" "$now"
      [ "$now" = 100.0 ] && exit 0
      [ "$now" = 0.0 ] && exit 1
      ;;
    *) ;; # hold, or it could not be told: nothing moves
  esac
done
