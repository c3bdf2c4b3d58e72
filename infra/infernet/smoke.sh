#!/usr/bin/env bash
# Plays what an Infernet node 1.4.0 asks of a container, without a node: are the answers ones that the node can deliver?
#
#   infra/infernet/smoke.sh [URL] [REQUEST.json]
#
#   URL           the container, as the node reaches it (default http://127.0.0.1:3000)
#   REQUEST.json  the "data" of a job; default: one row for a California housing model as the default model
#   BEARER        environment variable: containers[].bearer of the node, if it has one
#
# Needs bash and curl. Exit code 0: everything passed.
set -uo pipefail
url=${1:-http://127.0.0.1:3000}
url=${url%/}
data='{"inputs": {"input": {"values": [[8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23]], "shape": [1, 8], "dtype": "double"}}}'
if (($# > 1)); then
  data=$(<"$2") || exit 2
fi
command -v curl >/dev/null || { echo 'smoke: curl is not installed' >&2; exit 2; }

failures=0
pass() { printf 'ok      %s\n' "$*"; }
miss() {
  printf 'FAILED  %s\n' "$*"
  failures=$((failures + 1))
}

# call SECONDS PATH [CURL OPTION...]: sets $status, $type, $seconds and $body
call() {
  local limit=$1 path=$2 answer
  shift 2
  answer=$(curl -sS --max-time "$limit" -w '\n%{http_code} %{time_total} %{content_type}' "$@" "$url$path" 2>&1)
  body=${answer%$'\n'*}
  read -r status seconds type <<<"${answer##*$'\n'}"
}
is_json() { [[ ${type%%;*} == application/json || ${type%%;*} == application/problem+json ]]; }

authorization=()
[[ -z ${BEARER:-} ]] || authorization=(-H "Authorization: Bearer $BEARER")
post() { call "$1" /service_output -X POST -H 'Content-Type: application/json' "${authorization[@]}" -d "$2"; }

# A node on the same machine asks with this budget; nothing may be computed for the answer.
call 1 /service-resources
if [[ $status == 200 ]] && is_json && [[ $body == *'"compute_capability"'* ]]; then
  pass "GET /service-resources in $seconds s"
else
  miss "GET /service-resources: HTTP $status ${type:-} ${body:0:200}"
fi
call 1 '/service-resources?model_id=huggingface/Ritual-Net/california-housing:california_housing.torch'
if [[ $status == 200 && $body == *'"supported"'* ]]; then
  pass "GET /service-resources?model_id= says ${body:0:60}"
else
  miss "GET /service-resources?model_id=: HTTP $status ${body:0:200}"
fi

# The node waits 180 s and takes any JSON object for success, so an error must say that it is one: a "code" that is text.
for job in "off-chain:1:1:, \"requires_proof\": false" "in the form of nodes before 1.0:1::"; do
  IFS=: read -r name source destination rest <<<"$job"
  [[ -z $destination ]] || destination=", \"destination\": $destination"
  post 180 "{\"source\": $source$destination, \"data\": $data$rest}"
  if [[ $status == 200 ]] && is_json && [[ $body == '{'* && $body != *'"code"'* ]]; then
    pass "a job, $name, in $seconds s: ${body:0:120}"
  else
    miss "a job, $name: HTTP $status ${type:-} ${body:0:300}"
  fi
done

post 10 '{"source": 1, "destination": 1, "data": {}, "requires_proof": true}'
if [[ $status == 4?? ]] && is_json && [[ $body =~ \"code\":\ *\"$status\" ]]; then
  pass "an impossible job is refused: ${body:0:120}"
else
  miss "an impossible job must be refused with JSON whose code is the text of its HTTP status: HTTP $status ${type:-} ${body:0:300}"
fi

if [[ -n ${BEARER:-} ]]; then
  authorization=()
  post 10 '{"source": 1, "data": {}}'
  if [[ $status == 401 ]]; then
    pass "a job without the bearer token is refused"
  else
    miss "a job without the bearer token gets HTTP $status"
  fi
fi

((failures == 0)) && echo 'the container is fit for a node' && exit 0
echo "$failures of the checks failed; infra/infernet/README.md says what to do" >&2
exit 1
