#!/usr/bin/env bash
# granary-health PORT PATH: succeeds when http://127.0.0.1:PORT/PATH answers 200. Needs nothing but bash.
set -u
port=${1:?port} path=${2:?path}
exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$path" "$port" >&3
IFS=' ' read -r -t 4 _ status _ <&3 || exit 1
[[ $status == 200 ]]
