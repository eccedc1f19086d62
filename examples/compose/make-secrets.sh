#!/bin/sh
# Makes the secrets of compose.yaml, once, in the folder secrets beside this file, and .env, which names the group that
# can read them: the one of whoever runs this.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir secrets || { echo "nothing was changed: secrets are made once" >&2; exit 1; }

# 32 characters that need no quoting in a URL.
word() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

database=$(word)
access=$(word)
secret=$(word)
word >secrets/admin-password
printf '%s\n' "$database" >secrets/database-password
printf 'postgres://limani:%s@postgres:5432/limani\n' "$database" >secrets/database-url
head -c 32 /dev/urandom >secrets/master-key
printf '%s' "$access" >secrets/s3-access-key
printf '%s' "$secret" >secrets/s3-secret-key
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$access" "$secret" >secrets/s3-credentials
chmod 440 secrets/*
[ -e .env ] || sed "s/^SECRETS_GROUP=.*/SECRETS_GROUP=$(id -g)/" .env.example >.env
