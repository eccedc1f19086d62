{{- define "limani.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "limani.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "limani.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "limani.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* Of what is not in a namespace: two releases of one name may be in two of them. */}}
{{- define "limani.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "limani.fullname" .) }}
{{- end }}

{{- define "limani.serviceAccountName" -}}
{{- default (include "limani.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{- define "limani.selectorLabels" -}}
app.kubernetes.io/name: {{ include "limani.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "limani.labels" -}}
app.kubernetes.io/name: {{ include "limani.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: limani
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "limani.imageOf" -}}
{{- $image := index . 0 }}{{ $tag := index . 1 }}
{{- if $image.digest }}
{{- printf "%s@%s" $image.repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $image.repository (default $tag $image.tag) }}
{{- end }}
{{- end }}

{{- define "limani.image" -}}
{{- $_ := required "image.repository: got nothing: expected where the image of limani is, such as registry.example.org/limani" .Values.image.repository }}
{{- include "limani.imageOf" (list .Values.image .Chart.AppVersion) }}
{{- end }}

{{- define "limani.registryImage" -}}
{{- if .Values.registryImage.repository }}
{{- include "limani.imageOf" (list .Values.registryImage .Chart.AppVersion) }}
{{- else }}
{{- if or .Values.registryImage.tag .Values.registryImage.digest }}
{{- fail "registryImage.repository: got nothing: expected it beside registryImage.tag or registryImage.digest" }}
{{- end }}
{{- include "limani.image" . }}
{{- end }}
{{- end }}

{{- define "limani.lease" -}}
{{ include "limani.fullname" . }}
{{- end }}

{{- /* JSON list of the namespaces whose Secrets the operator has; null: all. */}}
{{- define "limani.secretNamespaces" -}}
{{- if .Values.secrets.clusterWide }}null
{{- else }}
{{- $listed := concat .Values.watchNamespaces .Values.secrets.namespaces | uniq }}
{{- $listed | default (list .Release.Namespace) | toJson }}
{{- end }}
{{- end }}

{{- define "limani.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "limani.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
