{{- define "limani-crds.labels" -}}
app.kubernetes.io/name: limani
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: definitions
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: limani
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
