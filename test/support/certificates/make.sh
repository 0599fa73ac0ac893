#!/bin/sh
# Makes the certificates of the tests anew. Nobody trusts their authority but the tests, and its key is thrown away.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
touch index.txt
cat > settings <<'SETTINGS'
[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = names
copy_extensions = copy
unique_subject = no
[names]
commonName = supplied
SETTINGS

request() { # file, name, extensions
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -subj "/CN=$2" \
    -addext "$3" -out "$1.csr" 2>/dev/null
}
sign() {
  openssl ca -batch -notext -config settings "$@" 2>/dev/null
}
leaf() { # file, name, alternative names, last day
  request "$1" "$2" "subjectAltName=$3"
  sign -cert authority.crt -keyfile authority.key -startdate "$FIRST" -enddate "$4" -in "$1.csr" -out "$1.crt"
  cat "$1.key" "$1.crt" > "$here/$1.pem"
}
alone() { # file, name, extensions
  request "$1" "$2" "$3"
  sign -selfsign -keyfile "$1.key" -startdate "$FIRST" -enddate "$LAST" -in "$1.csr" -out "$1.crt"
}

FIRST=20200101000000Z
LAST=21200101000000Z

alone authority 'Sallyport test authority' 'basicConstraints=critical,CA:TRUE'
cp authority.crt "$here/authority.pem"
leaf app app.example 'DNS:app.example,DNS:localhost,IP:93.184.216.34,IP:2606:4700::1111' "$LAST"
leaf other other.example 'DNS:other.example' "$LAST"
leaf world app.example 'DNS:app.example,DNS:other.example,DNS:evil.example,DNS:*.flood.example,DNS:claude.ai,DNS:chatgpt.com,DNS:persistent.oaistatic.com,DNS:vscode.dev' "$LAST"
leaf expired app.example 'DNS:app.example' 20200201000000Z
alone unknown app.example 'subjectAltName=DNS:app.example'
cat unknown.key unknown.crt > "$here/unknown.pem"
