-- Asks for a look at once; of a policy, for a run.
local os = require("os")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["limani.dev/requestedAt"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj
