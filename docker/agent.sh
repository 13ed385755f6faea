#!/bin/sh
# An agent at the edge: enrolled once with the token of its package, then run. The state is all that it keeps.
set -eu
: "${PICKET_AGENT:?}" "${PICKET_TOKEN_FILE:?}"

until [ -f "$PICKET_AGENT/edge.pem" ]; do
  [ -s "$PICKET_TOKEN_FILE" ] && picket enroll --token-file "$PICKET_TOKEN_FILE" --dir "$PICKET_AGENT" && break
  echo "waiting for the token of a package in $PICKET_TOKEN_FILE" >&2
  sleep 2
done
exec picket agent --dir "$PICKET_AGENT"
