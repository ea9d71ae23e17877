#!/bin/sh
# Redirects the TCP connections of this host (or network namespace) to its sidecar, as Istio's sidecars are used:
# what leaves goes to port 15001, what comes to 15006. Run it as root where the application runs.
#
#   capture.sh on   [UID [dns] [ipv6]]   begin; the sidecar has to run as this user, 1337 when none is given. With `dns` it
#                                        also takes the questions to DNS, for a proxy that answers them, at port 15053; with
#                                        `ipv6` connections by IPv6, for a proxy that has an address of that family
#   capture.sh off                       end
#
# Mode REDIRECT, the default of `fairlead bootstrap`, expects exactly this.
set -eu

OUT=FAIRLEAD_OUTPUT
IN=FAIRLEAD_INBOUND
DNS=FAIRLEAD_DNS
# From these addresses the sidecar calls the application.
SOURCE=127.0.0.6/32
SOURCE_IPV6=::6/128

off() {
  for tables in iptables ip6tables; do
    "$tables" -t nat -D OUTPUT -p tcp -j "$OUT" 2>/dev/null || true
    "$tables" -t nat -D PREROUTING -p tcp -j "$IN" 2>/dev/null || true
    "$tables" -t nat -D OUTPUT -p udp --dport 53 -j "$DNS" 2>/dev/null || true
    for chain in "$OUT" "$IN" "$DNS"; do
      "$tables" -t nat -F "$chain" 2>/dev/null || true
      "$tables" -t nat -X "$chain" 2>/dev/null || true
    done
  done
  ip -6 address del "$SOURCE_IPV6" dev lo 2>/dev/null || true
}

# The connections of one family: its command, its addresses of the host itself, from which of them the sidecar calls the application,
# the sidecar's user.
connections() {
  "$1" -t nat -N "$OUT"
  "$1" -t nat -A "$OUT" -o lo -s "$3" -j RETURN
  # A workload that calls its own service comes to its sidecar on the way in, as others do; not so to a control plane that is here.
  "$1" -t nat -A "$OUT" -o lo ! -d "$2" -p tcp --syn ! --dport 15000:15099 -m owner --uid-owner "$4" \
    -j REDIRECT --to-ports 15006
  # Its own address an application calls without its sidecar.
  "$1" -t nat -A "$OUT" -o lo -m owner ! --uid-owner "$4" -j RETURN
  # The sidecar's own connections are the ones that go on.
  "$1" -t nat -A "$OUT" -m owner --uid-owner "$4" -j RETURN
  "$1" -t nat -A "$OUT" -d "$2" -j RETURN
  # Connections that there are go on as they began: what comes of them is no beginning.
  "$1" -t nat -A "$OUT" -p tcp --syn -j REDIRECT --to-ports 15001
  "$1" -t nat -A OUTPUT -p tcp -j "$OUT"

  "$1" -t nat -N "$IN"
  # ssh, and what the sidecar itself serves: health, metrics, its listeners.
  "$1" -t nat -A "$IN" -p tcp -m multiport --dports 22,15001,15006,15020,15021,15090 -j RETURN
  "$1" -t nat -A "$IN" -p tcp --syn -j REDIRECT --to-ports 15006
  "$1" -t nat -A PREROUTING -p tcp -j "$IN"
}

ipv6() {
  ip -6 address add "$SOURCE_IPV6" dev lo
  connections ip6tables ::1/128 "$SOURCE_IPV6" "$1"
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
    user="${2:-1337}"
    off
    connections iptables 127.0.0.0/8 "$SOURCE" "$user"
    for also in "${3:-}" "${4:-}"; do
      case "$also" in
        dns | ipv6) "$also" "$user" ;;
      esac
    done
    ;;
  off) off ;;
  *)
    echo "usage: $0 on [UID [dns] [ipv6]] | off" >&2
    exit 2
    ;;
esac
