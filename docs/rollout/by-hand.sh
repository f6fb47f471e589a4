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

given=""
while true; do
  now=$(percent) # where the state cannot be read, nothing moves
  if [ -n "$now" ] && [ "$now" != "$given" ] && "$share" "$now"; then
    given=$now # what failed is tried again
  fi
  [ "$given" = 100.0 ] && exit 0
  [ "$given" = 0.0 ] && exit 1
  sleep "$every"
  ragguard canary decide # keeps what it decided; the state says what that came to
done
