obj.spec = obj.spec or {}
obj.spec.suspend = false
return obj
