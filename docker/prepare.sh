#!/bin/sh
# Before the nodes: the authority and a certificate for each node, once, and the schema of the database. May be run again: what
# is there stays, and certificates are issued anew.
set -eu
: "${PICKET_DATA:?}" "${DATABASE_URL:?}"

[ -f "$PICKET_DATA/authority/root.pem" ] || picket certs init --data "$PICKET_DATA" --trust-domain "${PICKET_TRUST_DOMAIN:-picket.local}"
for node in "$@"; do
  role=${node%_*}
  picket certs issue --data "$PICKET_DATA" --node "$node" --role "$role" --lifetime 30d --out "$PICKET_DATA/credentials"
done
picket certs issue --data "$PICKET_DATA" --operator operator --lifetime 30d --out "$PICKET_DATA/credentials"
# A node that has no business with the authority gets its own certificate and nothing else.
for node in "$@"; do
  folder="${PICKET_CREDENTIALS:-/credentials}/$node"
  [ -d "$folder" ] || continue
  cp "$PICKET_DATA/credentials/$node.pem" "$PICKET_DATA/credentials/roots.pem" "$folder/"
done
picket db migrate --data "$PICKET_DATA"
