-- PUT a body of PUT_BYTES to the paths listed in PUT_PATHS, one after another.
local paths = {}
for line in io.lines(os.getenv("PUT_PATHS")) do paths[#paths + 1] = line end
local body = string.rep("x", tonumber(os.getenv("PUT_BYTES")))
local i = 0
request = function()
  i = i % #paths + 1
  return wrk.format("PUT", paths[i], nil, body)
end
