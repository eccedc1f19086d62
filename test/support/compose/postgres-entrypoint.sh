#!/bin/sh
# What the image postgres does at a start, as its documentation has it: a new cluster with that user, that user's
# password from that file, and that database, unless there is one in PGDATA; then the command.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --encoding UTF8 --no-locale \
    --auth-local trust --auth-host scram-sha-256 --no-instructions >/dev/null
  printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  sed -i "s/^#*listen_addresses = .*/listen_addresses = '*'/" "$PGDATA/postgresql.conf"
  socket="-c unix_socket_directories=/var/run/postgresql -c listen_addresses="
  pg_ctl --pgdata "$PGDATA" --options "$socket" --wait --silent start
  psql --host /var/run/postgresql --username "$POSTGRES_USER" --dbname postgres --quiet \
    --command "CREATE DATABASE \"$POSTGRES_DB\""
  pg_ctl --pgdata "$PGDATA" --mode fast --wait --silent stop
fi
exec "$@"
