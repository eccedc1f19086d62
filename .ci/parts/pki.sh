# shellcheck shell=bash
# Keys, certificates and kubeconfigs of a Kubernetes for tests; sourced after servers.sh, never run. `pki` is the folder
# that they are in.

# quietly COMMAND...: its output is only shown when it fails.
quietly() { "$@" >"$pki/openssl.log" 2>&1 || { cat "$pki/openssl.log" >&2; die "$1 failed"; }; }

new_key() { quietly openssl ecparam -name prime256v1 -genkey -noout -out "$pki/$1.key"; }

# certificate NAME SUBJECT USE [NAMES]: a key and a certificate by the authority there.
certificate() {
  new_key "$1"
  quietly openssl req -new -key "$pki/$1.key" -subj "$2" -out "$pki/$1.csr"
  printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n%s\n' "$3" "${4:+subjectAltName=$4}" >"$pki/$1.ext"
  quietly openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 30 \
    -extfile "$pki/$1.ext" -out "$pki/$1.crt"
  rm -f "$pki/$1.csr" "$pki/$1.ext"
}

# kubeconfig FILE NAME URL: for the client of that certificate, of the API server there.
kubeconfig() {
  cat >"$1" <<CONF
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$3", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}}]
users: [{name: $2, user: {client-certificate-data: $(base64 -w0 "$pki/$2.crt"), client-key-data: $(base64 -w0 "$pki/$2.key")}}]
contexts: [{name: test, context: {cluster: test, user: $2}}]
current-context: test
CONF
}
