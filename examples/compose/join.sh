#!/bin/sh
# Makes what proxies need to join: for each service account, named NAMESPACE/NAME, a token and the roots of the control plane in
# /join/NAME. Runs as root, so that the volumes need no preparation; `fairlead` itself runs as the owner of its state.
#
#   join.sh default/orders default/payments ...
set -eu

fairlead() { setpriv --reuid=fairlead --regid=fairlead --clear-groups fairlead "$@"; }

for account in "$@"; do
  directory=/join/${account#*/}
  fairlead ca root >"$directory/root-cert.pem"
  # Good for this many proxies, for a day; another `docker compose up` makes new ones.
  fairlead token create --service-account "$account" --uses 20 --ttl 24h >"$directory/token.new"
  mv "$directory/token.new" "$directory/token"
done
