-- What can be done with a resource of limani.dev now. Which kind has which action stands in the table.
local own = {
  RobotAccount = "rotate",
  ReplicationPolicy = "run-now",
  RetentionPolicy = "run-now",
  BackupSchedule = "run-now",
}
local isSuspended = obj.spec ~= nil and obj.spec.suspend == true
local isGoing = obj.metadata.deletionTimestamp ~= nil

local actions = {}
actions[own[obj.kind] or "refresh"] = { disabled = isGoing or (own[obj.kind] ~= nil and isSuspended) }
actions["suspend"] = { disabled = isGoing or isSuspended }
actions["resume"] = { disabled = isGoing or not isSuspended }
return actions
