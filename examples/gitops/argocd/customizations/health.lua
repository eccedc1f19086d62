-- The health of any resource of limani.dev, in Argo CD's words. It says the same as kstatus does, but for what is
-- suspended, for which only Argo CD has a word.
local function progressing(message)
  return { status = "Progressing", message = message }
end

if obj.metadata.deletionTimestamp ~= nil then
  return progressing("it is being deleted")
end

local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready = conditions.Ready

local function is(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

-- While work goes on the operator leaves observedGeneration behind, and says in Ready why.
if status.observedGeneration ~= obj.metadata.generation then
  if ready ~= nil and ready.status ~= "True" and ready.observedGeneration == obj.metadata.generation then
    return progressing(ready.message)
  end
  return progressing("waiting until the operator has seen this version")
end
if is("Reconciling") then
  return progressing(conditions.Reconciling.message)
end
if is("Stalled") then
  return { status = "Degraded", message = conditions.Stalled.message }
end
if ready == nil then
  return progressing("waiting for the operator")
end
if ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end
if ready.reason == "Suspended" then
  return { status = "Suspended", message = ready.message }
end
return progressing(ready.message)
