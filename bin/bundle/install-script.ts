/**
 * The script of a bundle: POSIX sh, for machines that may have nothing of Picket but a container, or nothing at all. The key is made
 * where it runs, by whichever of the three is there, and leaves that machine by none of them.
 */

/** Nothing in it is of one package: what is, it reads from the files beside it. */
export const installScript = String.raw`#!/bin/sh
# Installs what this bundle is for: see README.txt. Needs root, or DESTDIR.
set -eu
umask 077

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
dir=/var/lib/picket-agent
image=
start=yes
what=enrol
certificate=

usage() {
  cat <<'END'
usage: ./install.sh [--docker IMAGE] [--dir DIR] [--no-start]
       ./install.sh request [--dir DIR]
       ./install.sh certificate FILE [--docker IMAGE] [--dir DIR] [--no-start]

The first enrols with picket from the PATH (or from $PICKET), or from a container image, and installs the service.
The other two are for machines without either: "request" makes a key and request.pem with openssl; whoever has Picket
has it signed (README.txt says how); "certificate" installs what came back.
DESTDIR=PATH installs below PATH and starts nothing.
END
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 1
}

misuse() {
  usage >&2
  exit 2
}

case \${1:-} in
  request)
    what=request
    shift
    ;;
  certificate)
    what=certificate
    [ $# -ge 2 ] || misuse
    certificate=$2
    shift 2
    ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --docker)
      [ $# -ge 2 ] || misuse
      image=$2
      shift 2
      ;;
    --dir)
      [ $# -ge 2 ] || misuse
      dir=$2
      shift 2
      ;;
    --no-start)
      start=no
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) misuse ;;
  esac
done
case $dir in
  /*) ;;
  *) fail "--dir takes an absolute path" ;;
esac

root=\${DESTDIR:-}
state=$root$dir
[ -z "$root" ] || start=no
# What stands above it may be new, below DESTDIR: that is for everybody to pass.
(umask 022 && mkdir -p "$(dirname -- "$state")")
mkdir -p "$state"
chmod 700 "$state"

picket=\${PICKET:-$(command -v picket || true)}

field() {
  sed -n 's/^ *"'"$1"'": "\(.*\)",\{0,1\}$/\1/p' "$here/edge.json"
}

in_image() {
  docker run --rm --network host --entrypoint picket -v "$state:/var/lib/picket-agent" -v "$here/token:/token:ro" \
    "$image" enroll --token-file /token --dir /var/lib/picket-agent
}

enrol() {
  if [ -e "$state/edge.pem" ]; then
    printf '%s is enrolled already\n' "$state"
    return
  fi
  [ -e "$here/token" ] || fail "the token is gone: ask for another bundle"
  if [ -n "$image" ]; then
    in_image
  elif [ -n "$picket" ]; then
    "$picket" enroll --token-file "$here/token" --dir "$state"
  else
    fail 'neither picket on the PATH nor --docker IMAGE: see "./install.sh --help" for a machine without both'
  fi
  # It was good once.
  rm -f "$here/token"
}

request() {
  command -v openssl >/dev/null || fail "openssl is needed to make a key"
  [ ! -e "$state/edge.pem" ] || fail "$state is enrolled already"
  if [ ! -e "$state/pending-key.pem" ]; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$state/pending-key.pem.new"
    mv "$state/pending-key.pem.new" "$state/pending-key.pem"
  fi
  openssl req -new -config "$here/openssl.cnf" -key "$state/pending-key.pem" -subj / -out "$here/request.pem"
  chmod 644 "$here/request.pem"
  printf '%s\n' "$here/request.pem: have it signed where Picket is, then run ./install.sh certificate FILE:" \
    "  picket package sign --token-file token --request request.pem --out certificate.pem"
}

public_of_certificate() {
  openssl x509 -in "$certificate" -noout -pubkey
}

install_certificate() {
  command -v openssl >/dev/null || fail "openssl is needed to judge the certificate"
  [ -r "$certificate" ] || fail "$certificate cannot be read"
  [ -e "$state/pending-key.pem" ] || fail "there is no key in $state: run ./install.sh request first"
  openssl verify -CAfile "$here/roots.pem" -untrusted "$certificate" "$certificate" >/dev/null ||
    fail "$certificate is not of the authority of this bundle"
  [ "$(public_of_certificate)" = "$(openssl pkey -in "$state/pending-key.pem" -pubout)" ] ||
    fail "$certificate is of another key than the one in $state"
  identity=$(field identity)
  openssl x509 -in "$certificate" -noout -ext subjectAltName | grep -qFx "    URI:$identity" ||
    fail "$certificate is not of $identity"
  cp "$here/roots.pem" "$here/edge.json" "$state/"
  chmod 644 "$state/roots.pem" "$state/edge.json"
  cat "$state/pending-key.pem" "$certificate" >"$state/edge.pem.new"
  # Last and at once: as long as it is not there, nothing is enrolled.
  mv "$state/edge.pem.new" "$state/edge.pem"
  rm -f "$state/pending-key.pem" "$here/token"
}

install_service() {
  units=$root/etc/systemd/system
  (umask 022 && mkdir -p "$units")
  sed -e "s|@PICKET@|\${picket:-/usr/local/bin/picket}|" -e "s|@DIR@|$dir|" "$here/picket-agent.service" \
    >"$units/picket-agent.service"
  chmod 644 "$units/picket-agent.service"
  if [ "$start" = yes ] && [ -n "$picket" ] && command -v systemctl >/dev/null; then
    systemctl daemon-reload
    systemctl enable --now picket-agent
  else
    printf '%s\n' "$units/picket-agent.service is there; nothing was started"
  fi
}

install_container() {
  set -- docker run -d --name picket-agent --restart unless-stopped --network host --entrypoint picket \
    -v "$dir:/var/lib/picket-agent" "$image" agent --dir /var/lib/picket-agent
  if [ "$start" = yes ]; then
    "$@"
  else
    printf 'nothing was started; start it with: %s\n' "$*"
  fi
}

case $what in
  request)
    request
    exit 0
    ;;
  certificate) install_certificate ;;
  enrol) enrol ;;
esac
if [ -n "$image" ]; then install_container; else install_service; fi
`.replaceAll('\\${', '${');
