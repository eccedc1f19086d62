{{- define "limani-tenant.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "limani-tenant.registryRef" -}}
name: {{ .Values.registry.name }}
{{- with .Values.registry.namespace }}
namespace: {{ . }}
{{- end }}
{{- end }}
