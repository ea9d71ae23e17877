#!/bin/sh
# Redirects the TCP connections of this host (or network namespace) to its sidecar, as Istio's sidecars are used:
# what leaves goes to port 15001, what comes to 15006. Run it as root where the application runs.
#
#   capture.sh on   [UID [dns]]   begin; the sidecar has to run as this user, 1337 when none is given. With `dns` it also
#                                 takes the questions to DNS, for a proxy that answers them, at port 15053
#   capture.sh off                end
#
# Mode REDIRECT, the default of `fairlead bootstrap`, expects exactly this.
set -eu

OUT=FAIRLEAD_OUTPUT
IN=FAIRLEAD_INBOUND
DNS=FAIRLEAD_DNS

off() {
  iptables -t nat -D OUTPUT -p tcp -j "$OUT" 2>/dev/null || true
  iptables -t nat -D PREROUTING -p tcp -j "$IN" 2>/dev/null || true
  iptables -t nat -D OUTPUT -p udp --dport 53 -j "$DNS" 2>/dev/null || true
  for chain in "$OUT" "$IN" "$DNS"; do
    iptables -t nat -F "$chain" 2>/dev/null || true
    iptables -t nat -X "$chain" 2>/dev/null || true
  done
}

on() {
  iptables -t nat -N "$OUT"
  # The sidecar's own connections are the ones that go on.
  iptables -t nat -A "$OUT" -m owner --uid-owner "$1" -j RETURN
  iptables -t nat -A "$OUT" -d 127.0.0.0/8 -j RETURN
  iptables -t nat -A "$OUT" -p tcp -j REDIRECT --to-ports 15001
  iptables -t nat -A OUTPUT -p tcp -j "$OUT"

  iptables -t nat -N "$IN"
  # ssh, and what the sidecar itself serves: health, metrics, its listeners.
  iptables -t nat -A "$IN" -p tcp -m multiport --dports 22,15001,15006,15020,15021,15090 -j RETURN
  iptables -t nat -A "$IN" -p tcp -j REDIRECT --to-ports 15006
  iptables -t nat -A PREROUTING -p tcp -j "$IN"
}

dns() {
  iptables -t nat -N "$DNS"
  # What the sidecar does not know itself it asks where the host would.
  iptables -t nat -A "$DNS" -m owner --uid-owner "$1" -j RETURN
  iptables -t nat -A "$DNS" -p udp -j REDIRECT --to-ports 15053
  iptables -t nat -A OUTPUT -p udp --dport 53 -j "$DNS"
}

case "${1:-}" in
  on)
    off
    on "${2:-1337}"
    if [ "${3:-}" = dns ]; then dns "$2"; fi
    ;;
  off) off ;;
  *)
    echo "usage: $0 on [UID [dns]] | off" >&2
    exit 2
    ;;
esac
