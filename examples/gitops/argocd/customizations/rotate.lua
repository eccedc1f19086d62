-- Asks for a new credential at once. The one before works through the robot's grace period.
local os = require("os")
local now = os.date("!%Y-%m-%dT%H:%M:%SZ")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["limani.dev/requestedAt"] = now
obj.metadata.annotations["limani.dev/forceAt"] = now
return obj
