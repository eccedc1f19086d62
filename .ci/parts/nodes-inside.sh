# shellcheck shell=bash
# What nodes-up does inside of the namespaces that it made: bash nodes-inside.sh DIR COUNT GROUPS.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/servers.sh"
dir=$1
count=$2
groups=$3
pki=$dir/plane/pki
plane=10.243.0.1
export KUBECONFIG=$dir/kubeconfig

# The name server knows the addresses of Services, in a file that is written anew whenever there are others.
keep_names() {
  while true; do
    # shellcheck disable=SC2034 # whichever it is, all are written
    kubectl get services --all-namespaces --watch --output name | while read -r service; do
      kubectl get services --all-namespaces --output \
        'go-template={{range .items}}{{if ne .spec.clusterIP "None"}}{{.spec.clusterIP}} {{.metadata.name}}.{{.metadata.namespace}}.svc.cluster.local{{"\n"}}{{end}}{{end}}' \
        >services.new && mv services.new services && kill -HUP "$(cat names.pid)"
    done
    sleep 1
  done
}
touch "$dir/services"
start_server "$dir" names dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file --listen-address="$plane" \
  --bind-interfaces --no-resolv --no-hosts --addn-hosts="$dir/services" --local=/local/ --local=/svc/ --local-ttl=1
PATH=$PARTS_BIN:$PATH start_server "$dir" services bash -c "$(declare -f keep_names); keep_names"

# start_node NUMBER: its network, its mounts, and what runs on it.
start_node() {
  local number=$1 name=node$1 address=10.243.0.1$1 pods=10.244.$1 node=$dir/node$1 other
  mkdir -p "$node/certs" "$node/cni"
  write_settings
  start_server "$node" place unshare --mount --propagation shared --net bash -c \
    'for folder in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 limani-node "$folder"; done && touch ready && exec sleep infinity'
  wait_for "$node" place test -e "$node/ready"
  ip link add "$name" type veth peer name eth0 netns "$(cat "$node/place.pid")"
  ip link set "$name" master nodes up
  ip route add "$pods.0/24" via "$address"
  at "$name" ip link set lo up
  at "$name" ip address add "$address/24" dev eth0
  at "$name" ip link set eth0 up
  at "$name" ip route add 10.96.0.0/16 via "$plane"
  for ((other = 1; other <= count; other++)); do
    [ "$other" = "$number" ] || at "$name" ip route add "10.244.$other.0/24" via "10.243.0.1$other"
  done
  at "$name" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  serve_at "$name" containerd containerd --config "$node/containerd.toml" --log-level warn
  wait_for "$node" containerd ctr --address "$node/containerd.sock" version
  ctr --address "$node/containerd.sock" --namespace k8s.io images import "$LIMANI_PARTS/nodes/pause.tar" >/dev/null
  serve_at "$name" kube-proxy "$(program kube-proxy)" --config "$node/kube-proxy.yaml" --hostname-override "$name"
  serve_at "$name" kubelet "$(program kubelet)" --config "$node/kubelet.yaml" --kubeconfig "$pki/$name.conf" \
    --hostname-override "$name" --node-ip "$address" --node-labels "topology.kubernetes.io/zone=zone$number" \
    --root-dir "$node/kubelet" --cert-dir "$pki"
}

at() { "$here/nodes-at.sh" "$dir" "$@"; }

# serve_at NODE NAME COMMAND...: a server on that node, its process id and output in the node's folder.
serve_at() {
  local node=$dir/$1 name=$2
  shift 2
  at "$(basename "$node")" bash -c ". $here/servers.sh"'; start_server "$@"' start "$node" "$name" "$@"
}

write_settings() {
  cat >"$node/containerd.toml" <<CONF
version = 2
root = "$node/containerd"
state = "/run/limani-containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$node/containerd.sock"
[ttrpc]
  address = "$node/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$node/certs"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$node/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
CONF
  cat >"$node/cni/10-pods.conflist" <<CONF
{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "ptp", "ipMasq": false,
  "ipam": {"type": "host-local", "dataDir": "/run/limani-addresses", "ranges": [[{"subnet": "$pods.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
CONF
  cat >"$node/kube-proxy.yaml" <<CONF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: "$pki/kube-proxy.conf"}
mode: iptables
clusterCIDR: 10.244.0.0/16
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
iptables: {localhostNodePorts: false, minSyncPeriod: 100ms}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
CONF
  # Nothing is evicted for what others do to the machine.
  cat >"$node/kubelet.yaml" <<CONF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$groups/$name
containerRuntimeEndpoint: unix://$node/containerd.sock
address: $address
healthzBindAddress: 127.0.0.1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$pki/ca.crt"}}
authorization: {mode: Webhook}
tlsCertFile: $pki/$name-serving.crt
tlsPrivateKeyFile: $pki/$name-serving.key
podLogsDir: /var/log/pods
volumePluginDir: $node/plugins
makeIPTablesUtilChains: false
oomScoreAdj: 0
failSwapOn: false
enforceNodeAllocatable: [pods]
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 200Mi, imagefs.available: 200Mi, nodefs.inodesFree: 1%}
clusterDNS: ["$plane"]
clusterDomain: cluster.local
resolvConf: $dir/resolv.conf
nodeStatusUpdateFrequency: 5s
syncFrequency: 10s
CONF
}

is_ready() {
  curl -sf --max-time 5 --cacert "$pki/ca.crt" --cert "$pki/admin.crt" --key "$pki/admin.key" \
    "$(sed -n 's/.*server: "\([^"]*\)".*/\1/p' "$KUBECONFIG")/api/v1/nodes/$1" |
    jq -e '.status.conditions[] | select(.type == "Ready" and .status == "True")'
}

for ((number = 1; number <= count; number++)); do start_node "$number"; done
for ((number = 1; number <= count; number++)); do wait_for "$dir/node$number" kubelet is_ready "node$number"; done
